//! Base URLs: what they come apart into, and which hosts may go without encryption.

use super::super::{BaseUrl, BaseUrlError};

fn parse(text: &str) -> BaseUrl {
    BaseUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn an_address_comes_apart() {
    let cases = [
        (
            "https://api.openai.com/v1",
            "https://api.openai.com",
            "wss://api.openai.com/v1/responses",
            "api.openai.com",
            443,
        ),
        (
            "wss://Models.Example/v1/",
            "https://models.example",
            "wss://models.example/v1/responses",
            "models.example",
            443,
        ),
        ("https://h.example:8443", "https://h.example:8443", "wss://h.example:8443/responses", "h.example", 8443),
        ("https://h.example:443/a/b//", "https://h.example", "wss://h.example/a/b/responses", "h.example", 443),
        ("http://localhost:8080/v1", "http://localhost:8080", "ws://localhost:8080/v1/responses", "localhost", 8080),
        ("ws://127.0.0.1/v1", "http://127.0.0.1", "ws://127.0.0.1/v1/responses", "127.0.0.1", 80),
        ("http://[::1]:9/v1", "http://[::1]:9", "ws://[::1]:9/v1/responses", "::1", 9),
        ("https://[2001:db8::1]/v1", "https://[2001:db8::1]", "wss://[2001:db8::1]/v1/responses", "2001:db8::1", 443),
    ];
    for (text, origin, websocket, host, port) in cases {
        let url = parse(text);
        assert_eq!((url.origin().as_str(), url.host(), url.port()), (origin, host, port), "{text}");
        assert_eq!(url.websocket_url(), websocket);
        assert_eq!(url.http_url(), websocket.replacen("ws", "http", 1));
        assert_eq!(url.tls(), origin.starts_with("https"));
        assert_eq!(parse(&url.to_string()), url, "what is shown reads back the same");
    }
}

#[test]
fn only_this_machine_may_go_without_encryption() {
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "[::1]", "0x7f.1"] {
        let url = parse(&format!("http://{host}:1/v1"));
        assert!(url.is_loopback(), "{host}");
    }
    let hosts = [
        "localhost.example",
        "localhost.",
        "128.0.0.1",
        "0.0.0.0",
        "192.168.1.2",
        "[::]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.nip.io",
    ];
    for host in hosts {
        for scheme in ["http", "ws"] {
            let refused = BaseUrl::parse(&format!("{scheme}://{host}/v1"));
            assert!(matches!(refused, Err(BaseUrlError::Plain { .. })), "{scheme}://{host}: {refused:?}");
        }
        assert!(!parse(&format!("https://{host}/v1")).is_loopback(), "{host}");
    }
}
