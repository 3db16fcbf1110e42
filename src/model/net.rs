//! Addresses and prefixes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::IpAddr;
use std::str::FromStr;

/// An address with a prefix length: a subnet, or an interface's address in its subnet. Written `172.18.0.2/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// The address; host bits may be set.
    pub addr: IpAddr,
    /// Prefix length in bits, at most 32 or 128.
    pub prefix: u8,
}

impl Cidr {
    /// The address with its host bits cleared.
    pub fn network(&self) -> IpAddr {
        match self.addr {
            IpAddr::V4(a) => IpAddr::V4((u32::from(a) & mask4(self.prefix)).into()),
            IpAddr::V6(a) => IpAddr::V6((u128::from(a) & mask6(self.prefix)).into()),
        }
    }

    /// True when `addr` lies in this prefix. Addresses of the other family never do.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u32::from(a) ^ u32::from(b)) & mask4(self.prefix) == 0,
            (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a) ^ u128::from(b)) & mask6(self.prefix) == 0,
            _ => false,
        }
    }

    /// True when the two prefixes share an address.
    pub fn overlaps(&self, other: &Cidr) -> bool {
        if self.prefix <= other.prefix { self.contains(other.addr) } else { other.contains(self.addr) }
    }

    /// Number of addresses in the prefix, saturating at `u128::MAX` for `::/0`.
    pub fn size(&self) -> u128 {
        let bits = if self.addr.is_ipv4() { 32 } else { 128 } - u32::from(self.prefix);
        1u128.checked_shl(bits).unwrap_or(u128::MAX)
    }

    /// True for `0.0.0.0/0` and `::/0`.
    pub fn is_default(&self) -> bool {
        self.prefix == 0
    }
}

fn mask4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

fn mask6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0)
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// The text is not `address/prefix`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an address with a prefix, like 172.18.0.0/16")]
pub struct NotACidr(String);

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let fail = || NotACidr(text.to_owned());
        let (addr, prefix) = text.split_once('/').ok_or_else(fail)?;
        let addr: IpAddr = addr.parse().map_err(|_| fail())?;
        let prefix: u8 = prefix.parse().map_err(|_| fail())?;
        if prefix > if addr.is_ipv4() { 32 } else { 128 } {
            return Err(fail());
        }
        Ok(Cidr { addr, prefix })
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A hardware address; six bytes on ethernet-like links, other lengths on tunnels. Written `02:42:ac:11:00:02`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mac(pub Vec<u8>);

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Mac {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Mac::default());
        }
        text.split([':', '-']).map(|byte| u8::from_str_radix(byte, 16)).collect::<Result<_, _>>().map(Mac)
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proto {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Proto {
    /// `tcp`, `udp` or `sctp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Proto::Tcp => "tcp",
            Proto::Udp => "udp",
            Proto::Sctp => "sctp",
        }
    }

    /// Reads what [`Proto::as_str`] writes; none for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "tcp" => Some(Proto::Tcp),
            "udp" => Some(Proto::Udp),
            "sctp" => Some(Proto::Sctp),
            _ => None,
        }
    }
}

impl std::fmt::Display for Proto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("a cidr")
    }

    #[test]
    fn prefixes_contain_and_overlap() {
        assert!(cidr("172.18.0.0/16").contains("172.18.255.1".parse().expect("ip")));
        assert!(!cidr("172.18.0.0/16").contains("172.19.0.1".parse().expect("ip")));
        assert!(cidr("10.0.0.0/8").overlaps(&cidr("10.9.0.0/24")));
        assert!(cidr("10.9.0.0/24").overlaps(&cidr("10.0.0.0/8")));
        assert!(!cidr("10.9.0.0/24").overlaps(&cidr("::/0")));
        assert_eq!(cidr("10.9.0.7/24").network().to_string(), "10.9.0.0");
        assert_eq!(cidr("0.0.0.0/0").size(), 1 << 32);
        assert!(cidr("fd00::1/64").contains("fd00::ffff".parse().expect("ip")));
        assert!("10.0.0.0/33".parse::<Cidr>().is_err());
    }
}
