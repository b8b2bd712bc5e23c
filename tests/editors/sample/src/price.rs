/// What `count` items cost together, in cents.
pub fn total_price(count: u32, each: u32) -> u32 {
    count * each
}
