//! Tables in the form that the README takes over.

/// Prints a table in Markdown, columns aligned.
pub fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let widths: Vec<usize> = (0..head.len())
        .map(|n| {
            rows.iter()
                .filter_map(|r| r.get(n))
                .map(|c| c.chars().count())
                .chain([head[n].chars().count()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        println!("| {} |", cells.join(" | "));
    };
    println!("\n### {title}\n");
    line(head.to_vec());
    println!("|{}|", widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("|"));
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}

/// Two digits that matter.
pub fn figure(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "?".into(),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The middle of some figures.
pub fn median(values: &[f64]) -> f64 {
    share(values, 0.5)
}

/// The value that a share of the figures does not exceed.
pub fn share(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len().saturating_sub(1)) as f64 * share).ceil() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
