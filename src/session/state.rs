//! The session's state machine: the one place that says which state follows which.
//!
//! Two things make the state: where the connection is, and whether a turn runs. Whoever changes either says what
//! happened as an [`Event`]; nobody sets a state. An event that cannot happen where the session is (a connector that
//! was stopped a moment ago still reports) changes nothing.

use serde::Serialize;

/// The state as everyone else sees it: `cold → connecting → warming → warm ⇄ busy`, with `rotating`, `offline` and
/// `consent` beside it (contract 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not connected, and nothing under way to be.
    Cold,
    /// Dialling.
    Connecting,
    /// Connected; the warm-up is on its way.
    Warming,
    /// Ready for a turn.
    Warm,
    /// A turn runs.
    Busy,
    /// Warm, while a fresh connection is being made beside the old one.
    Rotating,
    /// No connection; tried again by itself.
    Offline,
    /// Nothing is sent before the user says yes.
    Consent,
}

/// What can happen to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The user said yes.
    Consented,
    /// The user took it back.
    Revoked,
    /// A connection is being made.
    Dialling,
    /// It was made; the warm-up went out.
    Upgraded,
    /// There is a connection to ask on, or HTTP serves.
    Ready,
    /// A fresh connection is being made beside the one in use.
    Rotating,
    /// The connection was lost, or could not be made.
    Down,
    /// The connection was given up on purpose: a cancel, a reset, a long rest, the end.
    Dark,
    /// A turn began.
    TurnBegan,
    /// A turn ended.
    TurnEnded,
}

/// Where the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Consent,
    Cold,
    Connecting,
    Warming,
    Warm,
    Rotating,
    Offline,
}

impl Phase {
    fn after(self, event: Event) -> Phase {
        match (self, event) {
            (Phase::Consent, Event::Consented) => Phase::Cold,
            (Phase::Consent, _) | (_, Event::Revoked) => Phase::Consent,
            (_, Event::Ready) => Phase::Warm,
            (_, Event::Down) => Phase::Offline,
            (_, Event::Dark) => Phase::Cold,
            (Phase::Cold, Event::Dialling) => Phase::Connecting,
            // A session that is offline knocks again and again; it stays offline until somebody opens.
            (Phase::Connecting | Phase::Offline, Event::Upgraded) => Phase::Warming,
            (Phase::Warm, Event::Rotating) => Phase::Rotating,
            (phase, _) => phase,
        }
    }
}

/// A session's place in it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    phase: Phase,
    in_turn: bool,
}

impl Machine {
    /// A session that was not lit yet.
    pub fn new(consented: bool) -> Machine {
        Machine { phase: if consented { Phase::Cold } else { Phase::Consent }, in_turn: false }
    }

    /// Takes what happened.
    pub fn on(&mut self, event: Event) {
        match event {
            Event::TurnBegan => self.in_turn = true,
            Event::TurnEnded => self.in_turn = false,
            _ => self.phase = self.phase.after(event),
        }
    }

    /// The state to show.
    pub fn state(self) -> State {
        match self.phase {
            Phase::Consent => State::Consent,
            // A turn that waits for the network is not busy; the user should see why nothing happens.
            Phase::Offline => State::Offline,
            _ if self.in_turn => State::Busy,
            Phase::Cold => State::Cold,
            Phase::Connecting => State::Connecting,
            Phase::Warming => State::Warming,
            Phase::Warm => State::Warm,
            Phase::Rotating => State::Rotating,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The states a session goes through, one an event.
    fn story(consented: bool, events: &[Event]) -> Vec<State> {
        let mut machine = Machine::new(consented);
        let step = |event: &Event| {
            machine.on(*event);
            machine.state()
        };
        events.iter().map(step).collect()
    }

    #[test]
    fn a_session_is_lit_asked_rotated_and_put_out() {
        use Event::*;
        let events =
            [Dialling, Upgraded, Ready, TurnBegan, TurnEnded, Rotating, Ready, Down, Dialling, Upgraded, Ready, Dark];
        let states = [
            State::Connecting,
            State::Warming,
            State::Warm,
            State::Busy,
            State::Warm,
            State::Rotating,
            State::Warm,
            State::Offline,
            State::Offline,
            State::Warming,
            State::Warm,
            State::Cold,
        ];
        assert_eq!(story(true, &events), states);
    }

    #[test]
    fn nothing_moves_a_session_without_consent() {
        use Event::*;
        for event in [Revoked, Dialling, Upgraded, Ready, Rotating, Down, Dark, TurnBegan, TurnEnded] {
            assert_eq!(story(false, &[event]), [State::Consent], "{event:?}");
        }
        assert_eq!(story(false, &[Consented, Dialling]), [State::Cold, State::Connecting]);
    }

    #[test]
    fn a_yes_that_was_taken_back_has_to_be_given_again() {
        use Event::*;
        for before in [&[][..], &[Dialling], &[Ready], &[Ready, TurnBegan], &[Ready, Rotating], &[Down]] {
            let story = story(true, &[before, &[Revoked, Ready, Consented]].concat());
            assert_eq!(story[before.len()..before.len() + 2], [State::Consent; 2], "{before:?}");
            assert_ne!(story[before.len() + 2], State::Consent, "{before:?}");
        }
    }

    #[test]
    fn a_turn_hides_the_connection_unless_there_is_none() {
        use Event::*;
        assert_eq!(story(true, &[TurnBegan, Dialling, Ready]), [State::Busy; 3]);
        assert_eq!(story(true, &[Ready, TurnBegan, Down])[2], State::Offline);
        assert_eq!(story(true, &[Ready, TurnBegan, Down, Ready, TurnEnded])[3..], [State::Busy, State::Warm]);
        // A rotation that is under way when a turn begins is still under way when it ends.
        assert_eq!(
            story(true, &[Ready, Rotating, TurnBegan, TurnEnded])[1..],
            [State::Rotating, State::Busy, State::Rotating]
        );
    }

    #[test]
    fn what_comes_too_late_changes_nothing() {
        use Event::*;
        assert_eq!(
            story(true, &[Upgraded, Ready, Upgraded, Dialling]),
            [State::Cold, State::Warm, State::Warm, State::Warm]
        );
        assert_eq!(story(true, &[Rotating]), [State::Cold], "nothing to rotate");
    }
}
