//! The shapes of secrets on one line: tokens by the prefixes their issuers publish, and values given to telling names.
//!
//! A published prefix and length is enough by itself. A value given to a name such as `password` must also look drawn
//! at random: letters and digits that make no words. Placeholders and published examples are no secrets.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{CaptureLocations, Regex};

use super::signs::Signs;
use super::{OPENING, Secret};

/// The kind of a value that only its name gives away.
pub(super) const CREDENTIAL: &str = "credential";

/// What is longer and no secret as a whole is not searched for one within.
const MAX_RETRIED: usize = 1024;

/// A shape: its kind, literals of which at least one is in all that has it, a pattern whose one group is the secret, and
/// what else must hold of that group.
type Shape = (&'static str, &'static [&'static str], &'static str, Admits);

/// Whether what has the form of a secret is one.
type Admits = fn(&str) -> bool;

/// What issuers publish: GitHub, GitLab, AWS, Slack, Stripe, OpenAI, Anthropic, Google, npm, PyPI, SendGrid, Twilio and
/// others mark their tokens so that they can be found; RFC 7519 (JWT), 6750 (Bearer), 7617 (Basic), 3986 (userinfo).
pub(super) const TOKENS: &[Shape] = &[
    ("aws-access-key", &["AKIA", "ASIA", "ABIA", "ACCA"], r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b", is_real),
    ("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"(gh[pousr]_[A-Za-z0-9]{36,})", is_real),
    ("github-token", &["github_pat_"], r"(github_pat_[A-Za-z0-9_]{60,})", is_real),
    (
        "gitlab-token",
        &["glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glft-", "glsoat-", "gloas-", "glagent-", "glimt-"],
        r"(gl(?:pat|ptt|dt|rt|cbt|ft|soat|oas|agent|imt)-[A-Za-z0-9_.=-]{20,})",
        is_real,
    ),
    (
        "slack-token",
        &["xoxa", "xoxb", "xoxe", "xoxo", "xoxp", "xoxr", "xoxs"],
        r"(xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,})",
        is_real,
    ),
    ("slack-token", &["xapp-"], r"\b(xapp-[0-9]-[A-Za-z0-9-]{20,})", is_real),
    (
        "slack-webhook",
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{30,})",
        is_real,
    ),
    ("stripe-key", &["k_live_", "k_test_", "k_prod_"], r"\b((?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,})", is_real),
    ("stripe-webhook", &["whsec_"], r"(whsec_[A-Za-z0-9+/=]{24,})", is_real),
    ("anthropic-key", &["sk-ant-"], r"(sk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{20,})", is_real),
    (
        "openai-key",
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"],
        r"(sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,})",
        is_real,
    ),
    ("openai-key", &["sk-"], r"\b(sk-[A-Za-z0-9]{32,})", is_real),
    ("google-api-key", &["AIza"], r"\b(AIza[A-Za-z0-9_-]{35,})", is_real),
    ("google-oauth", &["GOCSPX-"], r"(GOCSPX-[A-Za-z0-9_-]{28,})", is_real),
    ("google-oauth", &["ya29."], r"\b(ya29\.[A-Za-z0-9_-]{20,})", is_real),
    ("npm-token", &["npm_"], r"(npm_[A-Za-z0-9]{36,})", is_real),
    ("pypi-token", &["pypi-Ag"], r"(pypi-Ag[A-Za-z0-9_-]{50,})", is_real),
    ("crates-io-token", &["cio"], r"\b(cio[A-Za-z0-9]{32})\b", is_real),
    ("rubygems-key", &["rubygems_"], r"(rubygems_[a-f0-9]{48})", is_real),
    ("docker-token", &["dckr_"], r"(dckr_[po]at_[A-Za-z0-9_-]{27,})", is_real),
    ("sendgrid-key", &["SG."], r"\b(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})", is_real),
    ("twilio-key", &["SK"], r"\b(SK[0-9a-f]{32})\b", is_real),
    ("huggingface-token", &["hf_"], r"\b(hf_[A-Za-z0-9]{34,})", is_real),
    ("digitalocean-token", &["doo_v1_", "dop_v1_", "dor_v1_"], r"(do[opr]_v1_[a-f0-9]{64})", is_real),
    ("shopify-token", &["shpat_", "shpca_", "shppa_", "shpss_"], r"(shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32})", is_real),
    ("vault-token", &["hvs.", "hvb.", "hvr."], r"\b(hv[sbr]\.[A-Za-z0-9_-]{24,})", is_real),
    ("azure-storage-key", &["AccountKey="], r"AccountKey=([A-Za-z0-9+/]{86}==)", is_real),
    ("age-key", &["AGE-SECRET-KEY-1"], r"(AGE-SECRET-KEY-1[0-9A-Z]{58})", is_real),
    ("jwt", &["eyJ"], r"\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,})", is_real),
    ("bearer", &["earer", "EARER"], r"\b(?:[Bb]earer|BEARER)[ \t]{1,4}([A-Za-z0-9._~+/=-]{16,})", is_drawn),
    (
        "basic-auth",
        &["Basic"],
        r#"\b(?:[Aa]uthorization|AUTHORIZATION)["']?[ \t]?[:=][ \t]?["']?Basic[ \t]{1,4}([A-Za-z0-9+/=]{12,})"#,
        is_real,
    ),
    ("url-password", &["://"], r#"://[^\s/?#:@"'<>`]*:([^\s/?#@"'<>`]{3,})@"#, is_password),
];

/// What every name that tells what its value is has at least one of in it, in any case: the rarest few letters of each.
pub(super) const IN_NAMES: &[&str] = &["assw", "assp", "pwd", "cret", "oken", "rede", "key"];

/// A name that tells what its value is.
pub(super) const NAME: &str = r#"(?i-u:pass(?:word|wd|phrase)|pwd|secret|token|credential|(?:api|access|private|auth|account|master|encryption|signing)[_. -]?key)[A-Za-z0-9_.-]{0,40}\\*["'`\])]{0,2}"#;

/// What may stand between a name and a value in quotes: a type, and a sign of assignment, pairing or calling.
const TO_QUOTED: &str = r#"(?:[ \t]?:[ \t]?[A-Za-z0-9_&*<>'\[\]. ]{1,30})?[ \t]{0,8}(?:=>|:=|[=:,(])[ \t]{0,8}[a-zA-Z@]{0,2}#{0,2}\\*["'`]"#;

/// Values that their names give away: in quotes, or to the end of a word as in INI, YAML, properties and XML.
const ASSIGNED: &[(&str, Admits)] =
    &[(r#"([^\s"'`\\]{8,})\\*["'`]"#, is_drawn), (r#"([A-Za-z0-9+/_.=~!@%^*?-]{8,})(?:[\s&<"'`]|$)"#, is_drawn_bare)];

/// All shapes, compiled once. A pattern that did not compile would match nothing; a test sees to it.
pub(super) static SHAPES: LazyLock<[Option<Shapes>; 2]> = LazyLock::new(|| {
    let signs = Signs::literals(TOKENS.iter().flat_map(|(_, signs, ..)| signs.iter().copied()));
    let tokens =
        TOKENS.iter().map(|(kind, _, pattern, admits)| (*kind, (*pattern).replace(r"\b", r"(?-u:\b)"), *admits));
    let before = [TO_QUOTED, r"[ \t]{0,8}[=:>][ \t]{0,8}"];
    let assigned = ASSIGNED
        .iter()
        .zip(before)
        .map(|((value, admits), before)| (CREDENTIAL, format!("{NAME}{before}{value}"), *admits));
    [Shapes::new(signs, tokens), Shapes::new(Signs::in_any_case(IN_NAMES), assigned)]
});

/// Shapes that are looked for together: one pattern, whose n-th group is the secret of the n-th shape. None of them goes
/// over a line end.
pub(super) struct Shapes {
    signs: Signs,
    pattern: Regex,
    kinds: Vec<(&'static str, Admits)>,
}

impl Shapes {
    fn new(signs: Option<Signs>, shapes: impl Iterator<Item = (&'static str, String, Admits)>) -> Option<Shapes> {
        let (patterns, kinds): (Vec<String>, Vec<_>) =
            shapes.map(|(kind, pattern, admits)| (pattern, (kind, admits))).unzip();
        Some(Shapes { signs: signs?, pattern: Regex::new(&patterns.join("|")).ok()?, kinds })
    }

    /// Adds what has one of these shapes and does not begin in a mark.
    pub(super) fn find(&self, text: &str, marks: &[Range<usize>], found: &mut Vec<Secret>) {
        let mut groups = self.pattern.capture_locations();
        for line in self.signs.lines(text) {
            self.find_within(text, line, marks, &mut groups, found);
        }
    }

    /// The same of some whole lines, whatever signs they have.
    fn find_within(
        &self,
        text: &str,
        lines: Range<usize>,
        marks: &[Range<usize>],
        groups: &mut CaptureLocations,
        found: &mut Vec<Secret>,
    ) {
        // Where the last secret ended, a word begins.
        let mut begin = lines.start;
        let mut from = begin;
        while let Some(whole) = self.pattern.captures_read_at(groups, &text[begin..lines.end], from - begin) {
            let whole = begin + whole.start();
            let secret = self.kinds.iter().enumerate().find_map(|(at, kind)| Some((groups.get(at + 1)?, kind)));
            let Some(((start, end), (kind, admits))) = secret else { return };
            let (start, end) = (begin + start, begin + end);
            let before = &marks[..marks.partition_point(|mark| mark.start <= whole)];
            if let Some(mark) = before.last().filter(|mark| whole < mark.end) {
                from = mark.end;
            } else if admits(&text[start..end]) {
                found.push(Secret { at: start..end, kind });
                (begin, from) = (end, end);
            } else {
                // Within what turned out to be none there may still be one; not every end of a long one is tried.
                from = if end - start > MAX_RETRIED { end } else { start.max(whole + 1) };
            }
        }
    }
}

#[cfg(test)]
impl Shapes {
    /// What [`Shapes::find`] finds, without going by signs.
    pub(super) fn find_everywhere(&self, text: &str, marks: &[Range<usize>], found: &mut Vec<Secret>) {
        self.find_within(text, 0..text.len(), marks, &mut self.pattern.capture_locations(), found);
    }
}

/// Adds everything on one line that has the shape of a secret; `marks` are those of an earlier hiding.
pub(super) fn find(text: &str, marks: &[Range<usize>], found: &mut Vec<Secret>) {
    for shapes in SHAPES.iter().flatten() {
        shapes.find(text, marks, found);
    }
}

/// A token as issued: neither the published example of a manual nor crossed out.
fn is_real(token: &str) -> bool {
    let crossed_out = ["xxxx", "XXXX", "0000000000"].iter().any(|blank| token.contains(blank));
    !token.contains("EXAMPLE") && !crossed_out
}

/// A password in a URL.
fn is_password(value: &str) -> bool {
    !is_placeholder(value) && !["password", "passwd", "pass", "pwd", "secret", "token"].contains(&value)
}

/// Whether a value looks drawn at random.
fn is_drawn(value: &str) -> bool {
    let has = |class: fn(char) -> bool| value.chars().any(class);
    let is_mixed = has(|c| c.is_ascii_digit()) && has(char::is_alphabetic);
    is_mixed && !is_placeholder(value) && !value.contains("://") && !is_worded(value) && entropy(value) >= 2.5
}

/// The same without quotes around it, where it may be code: a path through names of fields is none.
fn is_drawn_bare(value: &str) -> bool {
    let is_path = value.contains(['_', '.'])
        && value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte));
    !is_path && is_drawn(value)
}

/// A stand-in for a value that is filled in elsewhere.
fn is_placeholder(value: &str) -> bool {
    const SIGNS: [&str; 9] = ["${", "{{", "}}", "$(", "%(", "****", "....", "<%", OPENING];
    const WORDS: [&str; 7] = ["example", "changeme", "change-me", "change_me", "placeholder", "xxxx", "redacted"];
    let lower = value.to_ascii_lowercase();
    let is_variable = value.starts_with('$') && value[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_wrapped =
        [('<', '>'), ('{', '}'), ('%', '%')].iter().any(|(a, b)| value.starts_with(*a) && value.ends_with(*b));
    is_variable
        || is_wrapped
        || lower.starts_with("your")
        || SIGNS.iter().any(|sign| value.contains(sign))
        || WORDS.iter().any(|word| lower.contains(word))
}

/// Words, each with at most two digits behind it, and short numbers, such as `access-token-v2`.
fn is_worded(value: &str) -> bool {
    value.split(|c: char| !c.is_alphanumeric()).all(|part| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - word.len();
        word.chars().all(char::is_alphabetic) && digits <= if word.is_empty() { 4 } else { 2 }
    })
}

/// Shannon's entropy of the bytes, in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / length;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}
