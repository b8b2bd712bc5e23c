use crate::price::total_price;

/// One line of the report.
pub fn line(name: &str, count: u32, each: u32) -> String {
    format!("{name}: {} cents", total_price(count, each))
}
