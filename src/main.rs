//! The `bridgewatch` program.
fn main() {
    let t = std::time::Instant::now();
    let (b, s) = bridgewatch::live::read_once(
        Default::default(),
        bridgewatch::live::Patience { rates: true, ..Default::default() },
    )
    .expect("x");
    eprintln!("{:?}", t.elapsed());
    let taken = bridgewatch::cli::source::judge(b, s.clone());
    for s in s.sources.iter() {
        eprintln!("{s:?}");
    }
    for c in s.containers.iter() {
        eprintln!(
            "{} {} pid {:?} {:?}",
            c.name.shown(),
            c.state.as_str(),
            c.pid,
            taken.report.rates.container(&c.id).map(|r| (r.cpu_percent, r.memory_bytes, r.rx_rate))
        );
    }
    println!("{}", serde_json::to_string_pretty(&*s).expect("json"));
}
