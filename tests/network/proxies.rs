//! Which proxy is used, and what is said when it does not serve.

use super::authority::{Authority, Flaw, Front};
use super::proxy::{Conduct, Proxy};
use super::support::{Project, deserted};
use super::{HOST, KEY, Secure, add, address, ask, assert_answered, assert_failed, project};
use crate::provider::{Provider, Reply};

/// A server called `HOST` and a project that trusts its authority.
async fn far() -> (Secure, Project) {
    let secure = Secure::start(HOST, Flaw::None).await;
    let project = project(&format!("https://{HOST}/v1"), "");
    add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
    (secure, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_goes_through_the_proxy_that_a_setting_or_a_variable_names() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "provider.proxy"] {
        let (secure, project) = far().await;
        let proxy = Proxy::start(Conduct::Tunnel(secure.front.address)).await;
        let env = if variable == "provider.proxy" {
            add(&project, &format!("proxy = {:?}", proxy.url()));
            // The setting wins over the variables.
            vec![("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "*")]
        } else {
            vec![(variable, proxy.url().leak() as &str)]
        };
        assert_answered(&ask(&project, &env).await);
        let asked = proxy.asked();
        assert!(asked[0].starts_with(&format!("CONNECT {HOST}:443 HTTP/1.1\r\nhost: {HOST}:443\r\n")), "{asked:?}");
        assert!(!asked.concat().contains(KEY), "the key is for the server, not for the proxy");
        let connection = &secure.provider.connections()[0];
        assert_eq!(connection.header("authorization"), Some(format!("Bearer {KEY}").as_str()), "{variable}");
        assert_eq!(connection.header("proxy-authorization"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_gets_its_credentials_and_says_when_it_wants_others() {
    let (secure, project) = far().await;
    let proxy = Proxy::start(Conduct::Guarded(secure.front.address, "YWxpY2U6c2VzYW0=")).await;
    let with = |user: &str| format!("http://{user}@{}", proxy.address);
    assert_answered(&ask(&project, &[("HTTPS_PROXY", &with("alice:sesam"))]).await);

    let without = ask(&project, &[("HTTPS_PROXY", &proxy.url())]).await;
    assert_failed(&without, &["407", &proxy.url(), "HTTPS_PROXY", "USER:PASSWORD"]);
    let before = proxy.asked().len();
    let wrong = ask(&project, &[("HTTPS_PROXY", &with("alice:geheim"))]).await;
    assert_failed(&wrong, &["407", "does not accept the user name and password"]);
    assert!(!wrong.stderr.contains("geheim") && !wrong.stderr.contains("alice"), "{}", wrong.stderr);
    assert!(
        proxy.asked().len() <= before + 3,
        "before the turn, in it and after it, and not until the account is locked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_may_be_spoken_to_by_tls_and_has_to_be_trusted_like_a_server() {
    let (secure, project) = far().await;
    let tls = secure.authority.acceptor("localhost", Flaw::None);
    let proxy = Proxy::start_with(Conduct::Tunnel(secure.front.address), Some(tls)).await;
    let url = format!("https://localhost:{}", proxy.address.port());
    assert_answered(&ask(&project, &[("HTTPS_PROXY", &url)]).await);
    assert!(proxy.asked()[0].starts_with(&format!("CONNECT {HOST}:443")), "{:?}", proxy.asked());

    let stranger = Authority::new("A Stranger").acceptor("localhost", Flaw::None);
    let proxy = Proxy::start_with(Conduct::Tunnel(secure.front.address), Some(stranger)).await;
    let url = format!("https://localhost:{}", proxy.address.port());
    let failed = ask(&project, &[("HTTPS_PROXY", &url)]).await;
    assert_failed(&failed, &["proxy", &url, "A Stranger", "not trusted", "provider.ca_file"]);
    assert!(proxy.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_is_named_with_what_to_do() {
    for (status, advice) in [(403, "ask its operator"), (502, "cannot reach"), (405, "names an HTTP proxy")] {
        let (_secure, project) = far().await;
        let proxy = Proxy::start(Conduct::Refuse(status)).await;
        let failed = ask(&project, &[("HTTPS_PROXY", &proxy.url())]).await;
        assert_failed(&failed, &[&proxy.url(), "HTTPS_PROXY", &status.to_string(), &format!("{HOST}:443"), advice]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_silent_or_no_proxy_is_named_within_the_time_limit() {
    for (conduct, reason) in [(Conduct::Silent, "no answer within session.connect_timeout"), (Conduct::Babble, "")] {
        let (_secure, project) = far().await;
        let proxy = Proxy::start(conduct).await;
        let failed = ask(&project, &[("HTTPS_PROXY", &proxy.url())]).await;
        assert_failed(&failed, &["did not open a tunnel", &proxy.url(), "HTTPS_PROXY", reason]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_proxy_left_in_the_configuration_is_named() {
    let (_secure, project) = far().await;
    add(&project, &format!("proxy = \"http://bob:geheim@{}\"", deserted()));
    let failed = ask(&project, &[]).await;
    assert_failed(&failed, &["cannot reach", "127.0.0.1", "provider.proxy", "start the proxy, or correct or unset"]);
    assert!(!failed.stderr.contains("geheim"), "{}", failed.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_another_kind_is_refused_and_not_passed_by() {
    let (secure, project) = far().await;
    let failed = ask(&project, &[("ALL_PROXY", "socks5://bob:geheim@127.0.0.1:1080")]).await;
    assert_failed(&failed, &["ALL_PROXY", "only http:// and https:// proxies"]);
    assert!(!failed.stderr.contains("geheim"), "{}", failed.stderr);
    assert!(secure.provider.connections().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ipv6_host_is_asked_for_in_brackets() {
    let secure = Secure::start("fd00::7", Flaw::None).await;
    let project = project("https://[fd00::7]/v1", "");
    add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
    let proxy = Proxy::start(Conduct::Tunnel(secure.front.address)).await;
    assert_answered(&ask(&project, &[("HTTPS_PROXY", &proxy.url())]).await);
    assert!(proxy.asked()[0].starts_with("CONNECT [fd00::7]:443 HTTP/1.1\r\nhost: [fd00::7]:443\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_this_machine_is_reached_directly_unless_a_proxy_on_it_is_set() {
    let provider = Provider::start().await;
    provider.answer_with(|_| Reply::text("It prints 1."));
    let project = project(&provider.base_url(), "");
    let proxy = Proxy::start(Conduct::Tunnel(address(&provider))).await;
    let url = proxy.url();
    assert_answered(&ask(&project, &[("ALL_PROXY", &url), ("HTTPS_PROXY", &url), ("HTTP_PROXY", &url)]).await);
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());

    add(&project, &format!("proxy = {url:?}"));
    assert_answered(&ask(&project, &[]).await);
    assert!(proxy.asked()[0].starts_with(&format!("CONNECT {}", address(&provider))), "{:?}", proxy.asked());
}

/// `0.0.0.0` is this machine to a socket and not to the rules: an address that is reached directly and would have been
/// asked of the proxy. Windows does not connect to it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_passes_the_proxy_by() {
    let authority = Authority::new("Pilotlight Test Root");
    let provider = Provider::start().await;
    provider.answer_with(|_| Reply::text("It prints 1."));
    let front = Front::start(authority.acceptor("0.0.0.0", Flaw::None), address(&provider)).await;
    let port = front.address.port();
    let project = project(&format!("https://0.0.0.0:{port}/v1"), "");
    add(&project, &format!("ca_file = {:?}", authority.file(&project).display().to_string()));
    let proxy = Proxy::start(Conduct::Refuse(403)).await;
    for list in ["0.0.0.0", "0.0.0.0/8", "*", &format!("0.0.0.0:{port}")] {
        assert_answered(&ask(&project, &[("HTTPS_PROXY", &proxy.url()), ("NO_PROXY", list)]).await);
        assert!(proxy.asked().is_empty(), "{list}: {:?}", proxy.asked());
    }
    let failed = ask(&project, &[("HTTPS_PROXY", &proxy.url()), ("NO_PROXY", "0.0.0.0:1")]).await;
    assert_failed(&failed, &["403"]);
}
