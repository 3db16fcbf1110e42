//! What the kernel has to have for a limit, asked before anything is done, and what would bring what it lacks.

use crate::model::Tc;
use crate::plan::{Classifier, Refusal};

/// The parts that a plan needs; asked once each.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub tc: &'a Tc,
    pub kernel: &'a str,
}

/// What a part is for.
fn purpose(part: &str) -> &'static str {
    match part {
        "sch_tbf" => "holding a rate (token bucket)",
        "sch_netem" => "delay, jitter, loss, duplicates and reordering",
        "sch_ingress" => "taking up what comes in",
        "cls_u32" | "cls_matchall" => "a filter that takes every packet",
        "act_mirred" => "handing packets to another interface",
        "act_police" => "dropping what exceeds a rate (policer)",
        "ifb" => "queueing what comes in",
        _ => "traffic control",
    }
}

/// The switch of the kernel's configuration that builds a part.
fn switch(part: &str) -> String {
    match part {
        "ifb" => "CONFIG_IFB".to_owned(),
        part => format!("CONFIG_NET_{}", part.to_ascii_uppercase()),
    }
}

impl Parts<'_> {
    /// True when it is known to be missing.
    pub fn lacks(&self, part: &str) -> bool {
        self.tc.parts.get(part).and_then(crate::model::Fact::get) == Some(false)
    }

    fn has(&self, part: &str) -> bool {
        self.tc.parts.get(part).and_then(crate::model::Fact::get) == Some(true)
    }

    /// Refuses when a part is known to be missing.
    pub fn need(&self, part: &str, what: &str) -> Result<(), Refusal> {
        if self.lacks(part) { Err(self.missing(part, what)) } else { Ok(()) }
    }

    fn missing(&self, part: &str, what: &str) -> Refusal {
        let why = format!("this kernel ({}) has no {part}, which is for {}", self.kernel, purpose(part));
        let mut way_out = format!(
            "`modprobe {part}` brings it where it is a module (package linux-modules-extra-{} on Ubuntu, \
             kernel-modules-extra on Fedora and its kin, part of the kernel on Debian), else a kernel with {}",
            self.kernel,
            switch(part)
        );
        if matches!(part, "ifb" | "act_mirred") && self.has("act_police") {
            way_out.push_str("; a policer works here: it drops instead of queueing");
        }
        if part == "act_police" && !self.lacks("ifb") {
            way_out.push_str("; without a policer, what comes in is queued");
        }
        Refusal::new(what, why).instead(way_out)
    }

    /// The classifier to use: whichever there is.
    pub fn classifier(&self, what: &str) -> Result<Classifier, Refusal> {
        match (self.has("cls_matchall"), self.lacks("cls_u32")) {
            (true, _) => Ok(Classifier::Matchall),
            (false, false) => Ok(Classifier::U32),
            (false, true) => Err(self.missing("cls_u32", what)),
        }
    }

    /// All that queueing what comes in takes besides the qdisc.
    pub fn need_queue(&self, what: &str) -> Result<Classifier, Refusal> {
        for part in ["sch_ingress", "ifb", "act_mirred"] {
            self.need(part, what)?;
        }
        self.classifier(what)
    }
}
