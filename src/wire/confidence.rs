//! What a server is told in confidence: the key and the values of extra headers. Some servers and gateways repeat them in
//! their errors, which end in messages and logs; here they are taken out of those. A model's words must never pass
//! through: they are the answer.

use std::sync::Arc;

use super::Closed;
use super::error::ApiError;
use super::event::Event;

/// A shorter value might stand in any sentence by chance, and is no secret worth the name.
const SHORTEST: usize = 8;
/// Stands where a secret stood.
const MARK: &str = "[secret]";

/// The secrets of one connection. Neither shown nor compared.
#[derive(Clone, Default)]
pub struct Confidences(Arc<[String]>);

impl Confidences {
    /// Those of a request with this key and these extra headers.
    pub fn new(key: Option<&str>, headers: &[(String, String)]) -> Confidences {
        let values = key.into_iter().chain(headers.iter().map(|(_, value)| value.as_str()));
        let mut secrets: Vec<String> = values.filter(|value| value.len() >= SHORTEST).map(str::to_owned).collect();
        // One that holds another goes first, so that nothing of it remains.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Confidences(secrets.into())
    }

    fn taken_out(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MARK))
    }

    /// An error without them.
    pub fn of_error(&self, mut error: ApiError) -> ApiError {
        error.message = self.taken_out(&error.message);
        error.code = error.code.map(|code| self.taken_out(&code));
        error
    }

    /// An event without them, where it is an error; any other as it is.
    pub fn of_event(&self, event: Event) -> Event {
        match event {
            Event::Failed(error) => Event::Failed(self.of_error(error)),
            Event::Incomplete(reason) => Event::Incomplete(self.taken_out(&reason)),
            other => other,
        }
    }

    /// A goodbye without them.
    pub fn of_goodbye(&self, closed: Closed) -> Closed {
        match closed {
            Closed::ByPeer { code, reason } => Closed::ByPeer { code, reason: self.taken_out(&reason) },
            other => other,
        }
    }
}

impl std::fmt::Debug for Confidences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Confidences({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_of_errors_and_shown_nowhere() {
        let headers = [("a".to_owned(), "short".to_owned()), ("b".to_owned(), "sk-key-1 and more".to_owned())];
        let confidences = Confidences::new(Some("sk-key-1"), &headers);
        let error = ApiError { message: "short: sk-key-1 and more, Bearer sk-key-1".into(), ..ApiError::default() };
        assert_eq!(confidences.of_error(error).message, "short: [secret], Bearer [secret]");
        assert_eq!(format!("{confidences:?}"), "Confidences(2)");
        let said = confidences.of_event(Event::TextDelta("sk-key-1".into()));
        assert_eq!(said, Event::TextDelta("sk-key-1".into()), "a model's words stay");
    }
}
