//! Which certificates are taken, by whose word, and what is said of those that are not.

use super::authority::{Authority, Flaw, Front, Greeting};
use super::proxy::{Conduct, Proxy};
use super::support::Project;
use super::{HOST, Secure, add, address, ask, assert_answered, assert_failed, project};
use crate::provider::{Provider, Reply, Transport};

/// A server on this machine by the name `localhost`, and a project that does not trust it yet.
async fn near(flaw: Flaw) -> (Secure, Project) {
    let secure = Secure::start("localhost", flaw).await;
    let project = project(&format!("https://localhost:{}/v1", secure.front.address.port()), "");
    (secure, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_trusted_by_setting_or_by_variable() {
    let (secure, project) = near(Flaw::None).await;
    let file = secure.ca_file(&project);
    assert_answered(&ask(&project, &[("SSL_CERT_FILE", &file)]).await);
    add(&project, &format!("ca_file = {file:?}"));
    assert_answered(&ask(&project, &[]).await);
    assert_answered(&ask(&project, &[("SSL_CERT_FILE", "/does/not/exist.pem")]).await);
    assert!(secure.provider.connections().len() >= 3);
}

/// The platform's own verifier reads it where the certificates are files.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_authorities_is_trusted_where_the_platform_keeps_them_in_files() {
    let (secure, project) = near(Flaw::None).await;
    let folder = project.outside("authorities");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(secure.ca_file(&project), folder.join("0a1b2c3d.0")).unwrap();
    assert_answered(&ask(&project, &[("SSL_CERT_DIR", &folder.display().to_string())]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_uses_the_same_trust_and_the_same_protocol() {
    let (secure, project) = near(Flaw::None).await;
    add(&project, &format!("ca_file = {:?}\ntransport = \"http\"", secure.ca_file(&project)));
    assert_answered(&ask(&project, &[]).await);
    assert!(secure.provider.requests().iter().all(|request| request.transport == Transport::Http));
    let http = Greeting { name: Some("localhost".into()), protocol: Some("http/1.1".into()) };
    assert!(secure.front.greetings().iter().all(|greeting| *greeting == http), "{:?}", secure.front.greetings());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_is_told_in_the_handshake_and_the_protocol_is_http_1() {
    let (secure, project) = near(Flaw::None).await;
    add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
    assert_answered(&ask(&project, &[]).await);
    let greeting = Greeting { name: Some("localhost".into()), protocol: Some("http/1.1".into()) };
    assert_eq!(secure.front.greetings()[0], greeting, "the server would rather have had h2");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_verified_as_names_are() {
    let authority = Authority::new("Pilotlight Test Root");
    let provider = Provider::start().await;
    provider.answer_with(|_| Reply::text("It prints 1."));
    for ip in ["127.0.0.1", "::1"] {
        // A machine without IPv6 has no such address to bind.
        if tokio::net::TcpListener::bind((ip, 0)).await.is_err() {
            continue;
        }
        let front = Front::start_on(ip, authority.acceptor(ip, Flaw::None), address(&provider)).await;
        let project = project(&format!("https://{}/v1", front.address), "");
        add(&project, &format!("ca_file = {:?}", authority.file(&project).display().to_string()));
        assert_answered(&ask(&project, &[]).await);
        assert_eq!(front.greetings()[0].name, None, "an address is no name to tell");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_is_named_with_the_setting_that_would_trust_it() {
    let (secure, project) = near(Flaw::None).await;
    let stranger = Authority::new("Somebody Else").file(&project).display().to_string();
    for settings in ["transport = \"auto\"", "transport = \"websocket\"", "transport = \"http\""] {
        let project = self::project(&format!("https://localhost:{}/v1", secure.front.address.port()), settings);
        let failed = ask(&project, &[("SSL_CERT_FILE", &stranger)]).await;
        let words = ["TLS with localhost", "Pilotlight Test Root", "not trusted", "provider.ca_file"];
        assert_failed(&failed, &words);
    }
    assert!(secure.provider.connections().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_expired_or_signed_by_itself_is_refused_in_words() {
    let cases = [(Flaw::Expired, "has expired", "clock"), (Flaw::SelfSigned, "signed by itself", "provider.ca_file")];
    for (flaw, reason, advice) in cases {
        let (secure, project) = near(flaw).await;
        add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
        assert_failed(&ask(&project, &[]).await, &["TLS with localhost", reason, advice]);
        assert!(secure.provider.connections().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_is_refused_through_a_proxy_too() {
    let secure = Secure::start("other.pilotlight.test", Flaw::None).await;
    let project = project(&format!("https://{HOST}/v1"), "");
    add(&project, &format!("ca_file = {:?}", secure.ca_file(&project)));
    let proxy = Proxy::start(Conduct::Tunnel(secure.front.address)).await;
    let failed = ask(&project, &[("HTTPS_PROXY", &proxy.url())]).await;
    assert_failed(&failed, &[HOST, "another name", "provider.base_url"]);
    assert!(secure.provider.connections().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_tls_is_told_from_one_with_a_bad_certificate() {
    let provider = Provider::start().await;
    let project = project(&provider.base_url().replace("http://", "https://"), "");
    assert_failed(&ask(&project, &[]).await, &["TLS with 127.0.0.1", "speak TLS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_certificates_that_cannot_be_used_is_named_with_its_setting() {
    let (secure, project) = near(Flaw::None).await;
    let failed = ask(&project, &[("SSL_CERT_FILE", "/does/not/exist.pem")]).await;
    assert_failed(&failed, &["/does/not/exist.pem", "SSL_CERT_FILE", "unset"]);
    assert!(secure.provider.connections().is_empty());
}
