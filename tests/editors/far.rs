//! A provider beyond this machine, for what an editor shows before anything may be sent there. Its model knows one thing:
//! the rest of the rename that the scenarios begin.

use std::fs;

use super::Scratch;
use crate::provider::{Call, Provider, Reply};
use crate::remote::Remote;

const PATCH: &str = "\
*** Update File: src/main.rs
@@
-    println!(\"sum: {}\", price::total_price(3, 40));
+    println!(\"sum: {}\", price::order_total(3, 40));
*** Update File: src/report.rs
@@
-use crate::price::total_price;
+use crate::price::order_total;
@@
-    format!(\"{name}: {} cents\", total_price(count, each))
+    format!(\"{name}: {} cents\", order_total(count, each))
";

/// A scripted provider that only a proxy on loopback leads to, in the user's configuration of a scratch folder.
pub struct Far {
    _provider: Provider,
    remote: Remote,
}

impl Far {
    /// Starts it, and writes the configuration.
    pub async fn start(scratch: &Scratch) -> Far {
        let provider = Provider::start().await;
        provider.answer_with(|requests| match requests.last().is_some_and(|request| request.outputs().is_empty()) {
            true => Reply::calls([Call::patch(PATCH)]),
            false => Reply::text("Renamed."),
        });
        let remote = Remote::hiding(&provider.base_url(), &scratch.path()).await;
        let folder = scratch.path().join("config/pilotlight");
        fs::create_dir_all(&folder).expect("a folder for the configuration");
        fs::write(folder.join("config.toml"), remote.settings()).expect("a configuration");
        Far { _provider: provider, remote }
    }

    /// Whether anything was ever sent its way.
    pub fn was_dialled(&self) -> bool {
        self.remote.dialled() > 0
    }
}
