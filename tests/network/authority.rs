//! A certificate authority made for one test, and servers that speak TLS with what it signs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An authority that nobody trusts by itself.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What is wrong with a certificate, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    Expired,
    SelfSigned,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Writes its certificate.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    /// A server's side of TLS with a certificate for `host`.
    pub fn acceptor(&self, host: &str, flaw: Flaw) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = leaf(host, flaw);
        let certificate = match flaw {
            Flaw::SelfSigned => params.self_signed(&key).unwrap(),
            _ => params.signed_by(&key, &self.issuer).unwrap(),
        };
        let chain: Vec<CertificateDer<'static>> = vec![certificate.into()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A certificate as the strictest platform wants it: for servers, and valid for no more than two years.
fn leaf(host: &str, flaw: Flaw) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let year = 1970 + i32::try_from(since_1970 / 31_556_952).unwrap();
    let (from, to) = if flaw == Flaw::Expired { (year - 2, year) } else { (year, year + 2) };
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// TLS in front of a plain server.
pub struct Front {
    pub address: SocketAddr,
    greetings: Arc<Mutex<Vec<Greeting>>>,
}

/// What a client asked for in its handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    pub name: Option<String>,
    pub protocol: Option<String>,
}

impl Front {
    /// Starts on a free port of `ip`, which is loopback.
    pub async fn start_on(ip: &str, acceptor: TlsAcceptor, behind: SocketAddr) -> Front {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let front = Front { address: listener.local_addr().unwrap(), greetings: Arc::default() };
        let greetings = front.greetings.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), behind, greetings.clone()));
            }
        });
        front
    }

    pub async fn start(acceptor: TlsAcceptor, behind: SocketAddr) -> Front {
        Front::start_on("127.0.0.1", acceptor, behind).await
    }

    /// The handshakes that succeeded.
    pub fn greetings(&self) -> Vec<Greeting> {
        self.greetings.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, behind: SocketAddr, greetings: Arc<Mutex<Vec<Greeting>>>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let session = stream.get_ref().1;
    let protocol = session.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned());
    greetings.lock().unwrap().push(Greeting { name: session.server_name().map(str::to_owned), protocol });
    let mut server = TcpStream::connect(behind).await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}
