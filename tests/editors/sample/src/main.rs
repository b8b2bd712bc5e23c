mod price;
mod report;

fn main() {
    println!("{}", report::line("apples", 3, 40));
    println!("sum: {}", price::total_price(3, 40));
}
