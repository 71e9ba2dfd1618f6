//! [`SessionShared`]: what of a session others may look at, and what its statements share.

use std::sync::Arc;

use base::map::HashMap;
use datum::Error;
use parking_lot::Mutex;
use sql::catalog::DescriptorId;

use crate::api::Severity;
use crate::cancel::CancelHandle;
use crate::notify::Mailbox;
use crate::settings::Settings;

/// What a session is doing, for pg_stat_activity.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// Text of the statement that runs, or of the last one.
    pub query: String,
    /// When it began: microseconds since 2000-01-01 UTC.
    pub query_start: i64,
    /// When the state last changed.
    pub state_change: i64,
    /// When the transaction began, if there is one.
    pub xact_start: Option<i64>,
    /// active, idle, idle in transaction, idle in transaction (aborted)
    pub state: &'static str,
}

/// What becomes of settings at the end of a transaction.
#[derive(Clone)]
pub(crate) struct SettingsFrame {
    pub at_start: Settings,
    pub at_commit: Settings,
}

/// What of a session others may look at, and what its statements share.
pub struct SessionShared {
    /// Process id as the client knows it.
    pub pid: i32,
    /// Secret of cancel requests.
    pub secret: i32,
    /// Role that came in.
    pub session_user: String,
    /// Its database.
    pub database: DescriptorId,
    /// The database's name.
    pub database_name: String,
    /// Peer address.
    pub peer: String,
    /// When it began.
    pub started: i64,
    /// Stops it.
    pub cancel: CancelHandle,
    activity: Mutex<Activity>,
    settings: Mutex<Settings>,
    pub(crate) notices: Mutex<Vec<(Severity, Error)>>,
    /// Settings as they were when the transaction began, and as they will be if it commits.
    pub(crate) frame: Mutex<Option<SettingsFrame>>,
    pub(crate) currval: Mutex<HashMap<DescriptorId, i64>>,
    pub(crate) lastval: Mutex<Option<DescriptorId>>,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl SessionShared {
    #[expect(clippy::too_many_arguments, reason = "one place makes it")]
    pub(crate) fn new(
        pid: i32,
        secret: i32,
        session_user: String,
        database: DescriptorId,
        database_name: String,
        peer: String,
        started: i64,
        settings: Settings,
    ) -> SessionShared {
        SessionShared {
            pid,
            secret,
            session_user,
            database,
            database_name,
            peer,
            started,
            cancel: CancelHandle::new(),
            activity: Mutex::new(Activity { state: "idle", state_change: started, ..Activity::default() }),
            settings: Mutex::new(settings),
            notices: Mutex::default(),
            frame: Mutex::default(),
            currval: Mutex::default(),
            lastval: Mutex::default(),
            mailbox: Arc::default(),
        }
    }

    /// What the session is doing.
    pub fn activity(&self) -> Activity {
        self.activity.lock().clone()
    }

    pub(crate) fn set_activity(&self, change: impl FnOnce(&mut Activity)) {
        change(&mut self.activity.lock());
    }

    /// The session's settings.
    pub fn settings(&self) -> Settings {
        self.settings.lock().clone()
    }

    pub(crate) fn change_settings<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        change(&mut self.settings.lock())
    }

    /// Sets (`None`: resets) a setting, for the transaction only if `local`. Returns its canonical name.
    pub(crate) fn set(&self, name: &str, value: Option<&str>, local: bool) -> datum::Result<String> {
        let name = self.settings.lock().set(name, value)?;
        if !local && let Some(frame) = &mut *self.frame.lock() {
            frame.at_commit.set(&name, value)?;
        }
        Ok(name)
    }

    pub(crate) fn begin_frame(&self) {
        let settings = self.settings();
        let mut frame = self.frame.lock();
        if frame.is_none() {
            *frame = Some(SettingsFrame { at_start: settings.clone(), at_commit: settings });
        }
    }

    pub(crate) fn end_frame(&self, committed: bool) {
        if let Some(frame) = self.frame.lock().take() {
            let mut settings = self.settings.lock();
            let generation = settings.generation;
            let next = if committed { frame.at_commit } else { frame.at_start };
            if next.generation != generation {
                *settings = next;
                settings.generation = generation + 1;
            }
        }
    }

    pub(crate) fn notice(&self, severity: Severity, notice: Error) {
        let level = self.settings.lock().get("client_min_messages").unwrap_or_default();
        let shown = match level.as_str() {
            "error" | "fatal" | "panic" => severity == Severity::Info,
            "warning" => severity != Severity::Notice,
            _ => true,
        };
        if !shown {
            return;
        }
        self.notices.lock().push((severity, notice));
    }

    /// The role whose rights count: that of SET ROLE, else the one that came in.
    pub fn current_user(&self) -> String {
        match &self.settings.lock().fast().role {
            Some(role) => role.clone(),
            None => self.session_user.clone(),
        }
    }
}
