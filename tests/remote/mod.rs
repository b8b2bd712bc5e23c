//! An endpoint beyond this machine, as far as the program can tell: a name that exists nowhere, behind TLS by an authority
//! of the test. Nothing leaves loopback: the name is only ever told to a proxy there, which says whether it was dialled.
#![allow(dead_code, unused_imports, reason = "each test target uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../network/authority.rs"]
mod authority;
#[path = "../network/proxy.rs"]
mod proxy;

use std::net::SocketAddr;
use std::path::Path;

use authority::{Authority, Flaw, Front};
use proxy::{Conduct, Proxy};

/// Its name (RFC 6761: it exists nowhere).
pub const HOST: &str = "api.pilotlight.test";

/// The way to a server of the test by that name.
pub struct Remote {
    proxy: Proxy,
    settings: String,
}

impl Remote {
    /// The server with this base URL on loopback, told to the program as one far away. `folder` takes a certificate.
    pub async fn hiding(base_url: &str, folder: &Path) -> Remote {
        let server: SocketAddr = base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
        let authority = Authority::new("Pilotlight Test Root");
        let front = Front::start(authority.acceptor(HOST, Flaw::None), server).await;
        let proxy = Proxy::start(Conduct::Tunnel(front.address)).await;
        let certificate = folder.join("authority.pem");
        authority.write(&certificate);
        let settings = format!(
            "[provider]\nbase_url = \"https://{HOST}/v1\"\nca_file = {:?}\nproxy = {:?}\n",
            certificate.display().to_string(),
            proxy.url()
        );
        Remote { proxy, settings }
    }

    /// The section `[provider]` of a user's configuration.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// How often it was dialled.
    pub fn dialled(&self) -> usize {
        self.proxy.asked().len()
    }
}
