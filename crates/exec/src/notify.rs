//! LISTEN and NOTIFY among the sessions of one node.

use std::collections::VecDeque;
use std::sync::Arc;

use base::map::{HashMap, HashSet};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Process id of the sender.
    pub pid: i32,
    /// Channel.
    pub channel: String,
    /// Payload.
    pub payload: String,
}

/// Notifications waiting at a session beyond this many are lost, oldest first.
const QUEUE_MAX: usize = 10_000;

/// What waits for one session.
#[derive(Default)]
pub(crate) struct Mailbox {
    queue: Mutex<VecDeque<Notification>>,
    arrived: Notify,
}

impl Mailbox {
    pub fn take(&self) -> Vec<Notification> {
        self.queue.lock().drain(..).collect()
    }

    pub async fn arrived(&self) {
        loop {
            let arrived = self.arrived.notified();
            if !self.queue.lock().is_empty() {
                return;
            }
            arrived.await;
        }
    }
}

/// Who listens to what.
#[derive(Default)]
pub(crate) struct Channels(Mutex<HashMap<String, HashMap<i32, Arc<Mailbox>>>>);

impl Channels {
    pub fn listen(&self, channel: &str, pid: i32, mailbox: &Arc<Mailbox>) {
        self.0.lock().entry(channel.to_owned()).or_default().insert(pid, mailbox.clone());
    }

    pub fn unlisten(&self, channel: &str, pid: i32) {
        let mut channels = self.0.lock();
        if let Some(listeners) = channels.get_mut(channel) {
            listeners.remove(&pid);
            if listeners.is_empty() {
                channels.remove(channel);
            }
        }
    }

    pub fn unlisten_all(&self, pid: i32) {
        self.0.lock().retain(|_, listeners| {
            listeners.remove(&pid);
            !listeners.is_empty()
        });
    }

    /// Delivers what a transaction has sent; equal notifications of one transaction arrive once.
    pub fn send(&self, notifications: &[Notification]) {
        let channels = self.0.lock();
        let mut seen: HashSet<(&str, &str)> = HashSet::default();
        for notification in notifications {
            if !seen.insert((&notification.channel, &notification.payload)) {
                continue;
            }
            let Some(listeners) = channels.get(&notification.channel) else { continue };
            for mailbox in listeners.values() {
                let mut queue = mailbox.queue.lock();
                if queue.len() >= QUEUE_MAX {
                    queue.pop_front();
                }
                queue.push_back(notification.clone());
                mailbox.arrived.notify_one();
            }
        }
    }
}
