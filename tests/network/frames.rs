//! Frames beyond 16 MiB (`protocol.md` 7): ours are never sent, theirs are never taken.

use pilotlight::config::TransportChoice;
use pilotlight::session::receipt::Outcome;

use crate::provider::{Decision, Reply, Rig, Setup, Step, Transport};

const LIMIT: usize = 16 * 1024 * 1024;

async fn rig(transport: TransportChoice) -> Rig {
    Setup::files(&[("a.py", "print(1)\n")]).config(|config| config.provider.transport = transport).warm().await
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_not_sent_as_a_frame_and_the_session_goes_on() {
    let mut rig = rig(TransportChoice::Websocket).await;
    let mut ask = Rig::ask("a.py");
    ask.instruction = Some("x".repeat(LIMIT));
    let ended = rig.begin(ask, Decision::Apply).end().await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.message.contains("more than the server takes at once"), "{}", ended.message);
    assert!(rig.provider.requests().is_empty());
    let ended = rig.edit("a.py", [Reply::text("Small.")]).await;
    assert_eq!(ended.outcome(), Outcome::Answered, "{}", ended.message);
}

#[tokio::test]
async fn a_request_beyond_the_limit_goes_by_http_where_that_is_allowed() {
    let mut rig = rig(TransportChoice::Auto).await;
    let mut ask = Rig::ask("a.py");
    ask.instruction = Some("x".repeat(LIMIT));
    rig.provider.script([Reply::text("A lot of text.")]);
    let ended = rig.begin(ask, Decision::Apply).end().await;
    assert_eq!(ended.outcome(), Outcome::Answered, "{}", ended.message);
    let requests = rig.provider.requests();
    assert_eq!(requests.iter().map(|request| request.transport).collect::<Vec<_>>(), [Transport::Http]);
}

#[tokio::test]
async fn an_event_beyond_the_limit_is_a_cut() {
    for transport in [TransportChoice::Auto, TransportChoice::Http] {
        let huge = || Reply::of([Step::Created, Step::Delta("x".repeat(LIMIT + 1_000_000))]);
        let mut rig = rig(transport).await;
        let ended = rig.edit("a.py", [huge(), Reply::text("Again, shorter.")]).await;
        assert_eq!(ended.outcome(), Outcome::Answered, "{}", ended.message);
        assert_eq!(rig.provider.connections().len(), 2, "{transport:?}: on a new connection");

        let mut rig = self::rig(transport).await;
        let ended = rig.edit("a.py", [huge(), huge()]).await;
        assert_eq!(ended.outcome(), Outcome::Failed);
        assert!(ended.message.contains("unreadable"), "{}", ended.message);
    }
}
