//! Every shape and what only looks like it; then random texts with secrets planted in them.

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;

fn shown(text: &str) -> String {
    hide(text).into_text().into_owned()
}

/// One of each kind, made up, in pieces so that nothing here is taken for a leak.
fn samples() -> Vec<(&'static str, String)> {
    let random = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1";
    let hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let of = |kind: &'static str, prefix: &str, length: usize| (kind, format!("{prefix}{}", &random[..length]));
    let hexed = |kind: &'static str, prefix: &str, length: usize| (kind, format!("{prefix}{}", &hex[..length]));
    vec![
        ("aws-access-key", ["AKIA", "Z2Y3X4W5V6U7T2S3"].concat()),
        of("github-token", "ghp_", 36),
        of("github-token", "ghs_", 36),
        of("github-token", "github_pat_", 60),
        of("gitlab-token", "glpat-", 20),
        of("slack-token", "xoxb-", 40),
        of("stripe-key", "sk_live_", 24),
        of("stripe-key", "rk_test_", 24),
        of("stripe-webhook", "whsec_", 32),
        of("anthropic-key", "sk-ant-api03-", 50),
        of("openai-key", "sk-proj-", 48),
        of("openai-key", "sk-", 48),
        of("google-api-key", "AIza", 35),
        of("google-oauth", "GOCSPX-", 28),
        of("google-oauth", "ya29.", 40),
        of("npm-token", "npm_", 36),
        of("pypi-token", "pypi-Ag", 52),
        of("crates-io-token", "cio", 32),
        hexed("rubygems-key", "rubygems_", 48),
        of("docker-token", "dckr_pat_", 27),
        ("sendgrid-key", format!("SG.{}.{}", &random[..22], &random[..43])),
        hexed("twilio-key", "SK", 32),
        of("huggingface-token", "hf_", 34),
        hexed("digitalocean-token", "dop_v1_", 64),
        hexed("shopify-token", "shpat_", 32),
        of("vault-token", "hvs.", 24),
        ("age-key", format!("AGE-SECRET-KEY-1{}{}", &hex[..40].to_uppercase(), &hex[..18].to_uppercase())),
        ("jwt", format!("eyJ{}.eyJ{}.{}", &random[..20], &random[..30], &random[..40])),
    ]
}

#[test]
fn every_pattern_compiles() {
    assert!(shapes::SHAPES.iter().all(Option::is_some));
    assert!(private_key::PATTERNS.iter().all(Option::is_some));
}

/// Texts that match a pattern, whatever surrounds them.
fn matching(pattern: &str) -> Vec<String> {
    let strategy = proptest::string::string_regex(&pattern.replace(r"\b", "")).expect("a pattern of texts");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..200).map(|_| strategy.new_tree(&mut runner).expect("a text").current()).collect()
}

#[test]
fn nothing_has_a_shape_without_its_sign() {
    for (kind, signs, pattern, _) in shapes::TOKENS {
        let unsigned = matching(pattern).into_iter().find(|text| !signs.iter().any(|sign| text.contains(sign)));
        assert_eq!(unsigned, None, "{kind}");
    }
    let signed = |name: &String| shapes::IN_NAMES.iter().any(|sign| name.to_ascii_lowercase().contains(sign));
    assert_eq!(matching(shapes::NAME).into_iter().find(|name| !signed(name)), None);
}

#[test]
fn tokens_are_known_by_what_their_issuers_publish() {
    for (kind, token) in samples() {
        for (before, after) in [("", ""), ("x = '", "'\n"), ("// ü ", " and more"), ("{\"a\":\"", "\"}"), ("(", ")")] {
            let text = format!("{before}{token}{after}");
            assert_eq!(shown(&text), format!("{before}[secret:{kind}]{after}"), "{kind}");
        }
        let assigned = format!("export API_TOKEN={token}\nlet api_key: &str = \"{token}\";\n");
        let mark = format!("[secret:{kind}]");
        assert_eq!(shown(&assigned), assigned.replace(&token, &mark), "the certain kind counts");
    }
}

#[test]
fn tokens_that_miss_a_part_or_are_examples_are_none() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "xAKIAZ2Y3X4W5V6U7T2S3",
        "ghp_short",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-learn-and-other-words",
        "pk_live_a1B2c3D4e5F6g7H8i9J0k1L2",
        "task_live_or_die",
        "eyJhbGciOiJIUzI1NiJ9 alone",
        "https://hooks.slack.com/services/",
        "SKILL0123456789abcdef",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn values_are_known_by_their_names_if_they_look_drawn() {
    for (text, expected) in [
        ("password = \"Tr0ub4dor&3\"", "password = \"[secret:credential]\""),
        ("DB_PASSWORD=hunter2hunter2\n", "DB_PASSWORD=[secret:credential]\n"),
        ("  \"clientSecret\": \"9f8e7d6c5b4a3210\",", "  \"clientSecret\": \"[secret:credential]\","),
        ("const API_KEY: &'static str = \"k3y9v4lue7\";", "const API_KEY: &'static str = \"[secret:credential]\";"),
        ("token := `q1w2e3r4t5`", "token := `[secret:credential]`"),
        ("'api-key' => 'q1w2e3r4t5'", "'api-key' => '[secret:credential]'"),
        ("setPassword(\"q1w2e3r4t5\")", "setPassword(\"[secret:credential]\")"),
        ("(\"auth_token\", \"q1w2e3r4t5\")", "(\"auth_token\", \"[secret:credential]\")"),
        ("<password>q1w2e3r4t5</password>", "<password>[secret:credential]</password>"),
        ("\\\"password\\\":\\\"q1w2e3r4t5\\\"", "\\\"password\\\":\\\"[secret:credential]\\\""),
        ("secret: 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "secret: [secret:credential]"),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY1234567890",
            "aws_secret_access_key = [secret:credential]",
        ),
        ("curl ?token=q1w2e3r4t5&x=1", "curl ?token=[secret:credential]&x=1"),
        ("Authorization: Bearer q1w2e3r4t5y6u7i8o9", "Authorization: Bearer [secret:bearer]"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic [secret:basic-auth]"),
        ("postgres://app:s3cr3t@db:5432/x", "postgres://app:[secret:url-password]@db:5432/x"),
        ("AccountKey=", "AccountKey="),
    ] {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn code_words_and_placeholders_are_no_secrets() {
    for text in [
        "let token = tokens[index];",
        "password: String,",
        "token = self.parse_token2(x)",
        "let token = next_token_2.kind;",
        "token_type = \"access_token_v2\"",
        "password = \"${DB_PASSWORD_1}\"",
        "password = os.environ[\"PASSWORD_1\"]",
        "password: {{ vault_password1 }}",
        "password = \"<your-password-1a2b3c>\"",
        "api_key = \"your-api-key-1a2b3c\"",
        "api_key = \"changeme1x2y3z\"",
        "secret = \"xxxxxxxx1x2\"",
        "max_tokens = 4096",
        "max_tokens: 200_000,",
        "token_url = \"https://id1x.host/o4uth/t0ken\"",
        "https://user:password@host",
        "https://user:${PASS}@host",
        "https://{user}:{password}@host",
        "http://[::1]:8080/@x",
        "see https://a.b/c:d and mail a@b",
        "Bearer of good news arrived today",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "assert!(text.starts_with(\"-----BEGIN PRIVATE KEY-----\"));\nlet other = 1;\n",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ0a1B2c3D4e5F6g7H8\n-----END CERTIFICATE-----\n",
    ] {
        assert_eq!(shown(text), text);
    }
}

const BODY: [&str; 3] = [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
    "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu",
    "Kw==",
];

#[test]
fn a_private_key_is_hidden_line_by_line() {
    for title in
        ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        for indent in ["", "    "] {
            let block = |lines: [&str; 3]| {
                let lines = lines.map(|line| format!("{indent}{line}\n")).concat();
                format!("a\n{indent}-----BEGIN {title}-----\n{lines}{indent}-----END {title}-----\nb\n")
            };
            assert_eq!(shown(&block(BODY)), block(["[secret:private-key]"; 3]));
        }
    }
}

#[test]
fn a_private_key_is_found_however_it_is_written() {
    let [one, two, three] = BODY;
    for text in [
        format!("k = \"-----BEGIN PRIVATE KEY-----\\n{one}\\n{two}\\n{three}\\n-----END PRIVATE KEY-----\\n\"\n"),
        format!(
            "k = \"-----BEGIN PRIVATE KEY-----\\n\" +\n  \"{one}\\n\" +\n  \"{two}\\n\" +\n  \"{three}\\n\";\nrest();\n"
        ),
        format!("# -----BEGIN PRIVATE KEY-----\n# {one}\n# {two}\n# {three}\n# -----END PRIVATE KEY-----\n"),
        format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n{one}\n{two}\n"),
        format!("-----BEGIN PRIVATE KEY-----\n{one}"),
        format!("-----BEGIN RSA PRIVATE KEY-----{one}{two}-----END RSA PRIVATE KEY-----"),
    ] {
        let shown = shown(&text);
        assert!(BODY[..2].iter().all(|line| !shown.contains(&line[..12])), "{shown}");
        assert!(shown.contains("[secret:private-key]"), "{shown}");
        assert_eq!(shown.lines().count(), text.lines().count(), "{shown}");
        assert_eq!(shown.contains("rest();"), text.contains("rest();"), "{shown}");
    }
}

#[test]
fn a_typed_mark_is_kept_and_found() {
    let text = "a [secret:jwt] b [secret:] c [secret:x\ny] d [secret]";
    assert_eq!(shown(text), text);
    assert_eq!(marks(text), [2..14, 17..26]);
}

#[test]
fn words_that_quote_a_secret_do_not_show_it() {
    let text = "password = \"Tr0ub4dor&3\"\n";
    let quoted = hide_quoted("expected i32, found \"Tr0ub4dor&3\"", &[hide(text)]);
    assert_eq!(quoted, "expected i32, found \"[secret:credential]\"");
}

#[test]
fn debug_shows_no_text() {
    assert_eq!(format!("{:?}", hide("password = \"Tr0ub4dor&3\"")), "Hidden(1 marks)");
}

/// Pieces of texts in which shapes meet.
fn pieces() -> impl Strategy<Value = String> {
    let samples: Vec<String> = samples().into_iter().map(|(_, token)| token).collect();
    let glue = [
        "password = ",
        "\"",
        "'",
        "token: ",
        "\n",
        " ",
        "://u:",
        "@",
        "secret",
        "[secret:jwt]",
        "(",
        ", ",
        "=",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        BODY[0],
        "x1y2z3a4b5",
        "\\n",
        "ü",
        "]",
        "[secret:",
        "EXAMPLE",
    ];
    let piece =
        prop_oneof![proptest::sample::select(samples), proptest::sample::select(glue.map(str::to_owned).to_vec())];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Hiding twice is hiding once, keeps the lines, and can be undone.
    #[test]
    fn hiding_is_sound(text in pieces()) {
        let hidden = hide(&text);
        prop_assert_eq!(shown(hidden.text()), hidden.text());
        prop_assert_eq!(hidden.text().matches('\n').count(), text.matches('\n').count());
        prop_assert_eq!(hidden.revealed(0..hidden.text().len()), text.as_str());
        for mark in hidden.marks() {
            prop_assert!(hidden.text()[mark.at.clone()].starts_with(OPENING));
            prop_assert!(!hidden.behind(mark).contains('\n'));
        }
    }

    /// Looking only where a sign is finds what looking everywhere does.
    #[test]
    fn signs_miss_nothing(text in pieces()) {
        let marks = marks(&text);
        for shapes in shapes::SHAPES.iter().flatten() {
            let (mut by_signs, mut everywhere) = (Vec::new(), Vec::new());
            shapes.find(&text, &marks, &mut by_signs);
            shapes.find_everywhere(&text, &marks, &mut everywhere);
            prop_assert_eq!(by_signs, everywhere);
        }
    }
}
