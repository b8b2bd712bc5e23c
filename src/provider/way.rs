//! Which way to take to a provider: directly, or through which proxy; and which certificates to trust on it.
//!
//! A server on this machine gets plain text and needs no consent, because nothing leaves the machine. So no proxy that
//! is elsewhere may be given such a connection, whatever is configured.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Provider;
use crate::config::Config;
use crate::wire::dial::{DialError, ProxyAddress, Roots};

/// How a provider is reached.
pub enum Way {
    /// Without a proxy, and why.
    Direct(Reason),
    /// Through this one.
    Through(ProxyAddress),
}

/// Why no proxy is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// None is configured.
    Unset,
    /// The provider is on this machine.
    Loopback,
    /// The provider is on this machine and the configured proxy is not.
    LoopbackOnly,
    /// `NO_PROXY` lists the provider.
    Listed,
}

impl Way {
    /// Decides. `provider.proxy` wins over the variables and over `NO_PROXY`, as a setting made for this program does
    /// over those made for all; the lower case spelling wins over the upper case one, as in curl.
    ///
    /// # Errors
    /// [`DialError::BadProxy`].
    pub fn of(config: &Config, provider: &Provider, env: &BTreeMap<String, String>) -> Result<Way, DialError> {
        let url = &provider.url;
        if let Some(text) = config.provider.proxy.as_ref().filter(|_| !provider.embedded) {
            let proxy = ProxyAddress::parse(text, "provider.proxy")?;
            let stays_here = proxy.is_loopback() || !url.is_loopback();
            return Ok(if stays_here { Way::Through(proxy) } else { Way::Direct(Reason::LoopbackOnly) });
        }
        if url.is_loopback() {
            return Ok(Way::Direct(Reason::Loopback));
        }
        // Beyond this machine everything is TLS (`BaseUrl`), so HTTP_PROXY has no say.
        let named = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].iter().find_map(|name| set(env, name));
        let Some((name, text)) = named else { return Ok(Way::Direct(Reason::Unset)) };
        let list = ["no_proxy", "NO_PROXY"].iter().find_map(|name| set(env, name));
        if list.is_some_and(|(_, list)| is_listed(url.host(), url.port(), list)) {
            return Ok(Way::Direct(Reason::Listed));
        }
        ProxyAddress::parse(text, name).map(Way::Through)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Through(proxy) => write!(f, "{proxy}"),
            Way::Direct(Reason::Unset) => f.write_str("none is set"),
            Way::Direct(Reason::Loopback) => f.write_str("none: the provider is on this machine"),
            Way::Direct(Reason::LoopbackOnly) => {
                f.write_str("none: the provider is on this machine, the proxy of provider.proxy is not")
            }
            Way::Direct(Reason::Listed) => f.write_str("none: NO_PROXY lists the provider"),
        }
    }
}

/// The certificates to trust besides the platform's: `provider.ca_file`, else `SSL_CERT_FILE`.
pub fn roots(config: &Config, env: &BTreeMap<String, String>) -> Roots {
    let configured = config.provider.ca_file.as_ref().map(|file| (file.clone(), "provider.ca_file"));
    Roots { file: configured.or_else(|| set(env, "SSL_CERT_FILE").map(|(name, file)| (file.into(), name))) }
}

/// A variable that is set and not empty.
fn set<'a>(env: &'a BTreeMap<String, String>, name: &'static str) -> Option<(&'static str, &'a str)> {
    env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// Whether `NO_PROXY` names this host: itself, a domain above it, its address or network, or `*`; with a port, only that
/// one. (hyper-util has a matcher too, but it knows no ports, no `*.example.com`, and no address in `*`.)
fn is_listed(host: &str, port: u16, list: &str) -> bool {
    list.split([',', ' ']).any(|entry| {
        let named = match entry.rsplit_once(':') {
            // The last part of an IPv6 address is no port.
            Some((name, digits)) if !name.contains(':') || name.ends_with(']') => {
                if digits.parse() != Ok(port) {
                    return false;
                }
                name
            }
            _ => entry,
        };
        let named = named.trim_start_matches('[').trim_end_matches(']');
        named == "*" || is_in_network(host, named) || is_in_domain(host, named)
    })
}

fn is_in_network(host: &str, named: &str) -> bool {
    let Ok(address) = host.parse::<IpAddr>() else { return false };
    named.parse() == Ok(address) || named.parse().is_ok_and(|network: IpNet| network.contains(&address))
}

fn is_in_domain(host: &str, named: &str) -> bool {
    let domain = named.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
    let above = host.strip_suffix(&domain);
    !domain.is_empty() && above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BaseUrl;

    #[test]
    fn no_proxy_names_hosts_domains_addresses_networks_and_ports() {
        for (host, list) in [
            ("api.example.com", "api.example.com"),
            ("api.example.com", "localhost, .example.com"),
            ("api.example.com", "localhost example.com"),
            ("api.example.com", "*.example.com"),
            ("api.example.com", "API.Example.Com"),
            ("api.example.com", "api.example.com:443"),
            ("api.example.com", "*"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3", "*"),
            ("fd00::7", "fd00::/8"),
            ("fd00::7", "fd00::7"),
            ("fd00::7", "[fd00::7]:443"),
        ] {
            assert!(is_listed(host, 443, list), "{list} should list {host}");
        }
        for (host, list) in [
            ("notexample.com", "example.com"),
            ("notexample.com", "*.example.com"),
            ("api.example.com", ""),
            ("api.example.com", "api.example.com:8443"),
            ("11.1.2.3", "10.0.0.0/8"),
            ("fd00::7", "fe00::/8"),
            ("example.com.evil.test", "example.com"),
        ] {
            assert!(!is_listed(host, 443, list), "{list} should not list {host}");
        }
    }

    fn way(base_url: &str, proxy: Option<&str>, env: &[(&str, &str)]) -> String {
        let mut config = Config::default();
        config.provider.proxy = proxy.map(str::to_owned);
        let provider = Provider { url: BaseUrl::parse(base_url).unwrap(), embedded: false };
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Way::of(&config, &provider, &env).unwrap().to_string()
    }

    #[test]
    fn the_setting_wins_over_the_variables_and_these_in_the_order_of_curl() {
        let far = "https://api.example.com/v1";
        let all = [("HTTPS_PROXY", "http://b:1"), ("ALL_PROXY", "http://c:1"), ("NO_PROXY", "*")];
        assert_eq!(way(far, Some("http://a:1"), &all), "http://a:1 (from provider.proxy)");
        assert_eq!(way(far, None, &all[..2]), "http://b:1 (from HTTPS_PROXY)");
        assert_eq!(way(far, None, &all[1..2]), "http://c:1 (from ALL_PROXY)");
        assert_eq!(way(far, None, &[("https_proxy", "d:1"), all[0]]), "http://d:1 (from https_proxy)");
        assert_eq!(way(far, None, &[("https_proxy", ""), all[0]]), "http://b:1 (from HTTPS_PROXY)");
        assert_eq!(way(far, None, &all), "none: NO_PROXY lists the provider");
        assert_eq!(way(far, None, &[("HTTP_PROXY", "http://e:1")]), "none is set");
    }

    #[test]
    fn what_is_for_this_machine_is_given_to_no_proxy_elsewhere() {
        let near = "http://127.0.0.1:8080/v1";
        assert_eq!(way(near, None, &[("ALL_PROXY", "http://a:1")]), "none: the provider is on this machine");
        assert_eq!(way(near, Some("http://localhost:1"), &[]), "http://localhost:1 (from provider.proxy)");
        let refused = "none: the provider is on this machine, the proxy of provider.proxy is not";
        assert_eq!(way(near, Some("http://proxy.example:1"), &[]), refused);
    }
}
