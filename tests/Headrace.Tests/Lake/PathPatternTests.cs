using System.Diagnostics;
using Xunit;

namespace Headrace.Tests.Lake;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData(
        "inbox/{database}/{action}/{table}/*",
        "inbox/shop/append/orders/a.csv",
        "database=shop action=append table=orders"
    )]
    [InlineData("stock/*.csv", "stock/a.csv", "")]
    [InlineData("stock/*.csv", "stock/.csv", "")]
    [InlineData(
        "{tenant}/{table}/{version}/*.csv.gz",
        "acme/orders/2026-10-04/part-1.csv.gz",
        "tenant=acme table=orders version=2026-10-04"
    )]
    [InlineData("dms/**/part-*.csv", "dms/part-1.csv", "")]
    [InlineData("dms/**/part-*.csv", "dms/a/b/c/part-1.csv", "")]
    [InlineData("stock_{partner}_{n}.csv", "stock_acme_7.csv", "partner=acme n=7")]
    [InlineData("stock_{partner}_{n}.csv", "stock_a_b_7.csv", "partner=a_b n=7")]
    [InlineData("{table}_{date:yyyyMMdd}.csv", "big_orders_20261004.csv", "table=big_orders date=20261004")]
    [InlineData("{date:yyyy-MM-dd}/f?.csv", "2026-10-04/f1.csv", "date=2026-10-04")]
    [InlineData("exports/", "exports/a/b.json", "")]
    [InlineData("exports/", "exports/b.json", "")]
    [InlineData("{tenant}/{tenant}_{n}.csv", "acme_1/acme_1_2.csv", "tenant=acme_1 n=2")]
    [InlineData("**/{a}/{a}.csv", "x/y/y.csv", "a=y")]
    [InlineData("a+(b)[c].csv", "a+(b)[c].csv", "")]
    [InlineData("f?.csv", "f😀.csv", "")]
    public void A_path_matches_and_gives_its_captures_in_path_order(string pattern, string key, string captures)
    {
        Assert.True(PathPattern.Parse(pattern).TryMatch(key, out var found));
        Assert.Equal(captures, string.Join(' ', found.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("stock/*.csv", "stock/a/b.csv")]
    [InlineData("stock/*.csv", "Stock/a.csv")]
    [InlineData("stock/*.csv", "stock/a.csv.gz")]
    [InlineData("{table}/*", "orders")]
    [InlineData("x_{n}.csv", "x_.csv")]
    [InlineData("{date:yyyyMMdd}.csv", "2026100a.csv")]
    [InlineData("{date:yyyyMMdd}.csv", "202610041.csv")]
    [InlineData("{tenant}/{tenant}.csv", "acme/other.csv")]
    [InlineData("exports/", "exports")]
    [InlineData("dms/**/part-*.csv", "dms/a/other.csv")]
    public void A_path_that_differs_does_not_match(string pattern, string key) =>
        Assert.False(PathPattern.Parse(pattern).TryMatch(key, out _));

    [Theory]
    [InlineData("")]
    [InlineData("/abs/*.csv")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("{open/*")]
    [InlineData("{}/*")]
    [InlineData("{a b}/*")]
    [InlineData("}x")]
    [InlineData("{date:}/x")]
    [InlineData("{date:qq}/x")]
    [InlineData("a**/b")]
    [InlineData("{a}_{a}.csv")]
    public void A_pattern_that_cannot_be_read_says_why(string pattern)
    {
        var error = Assert.Throws<HeadraceException>(() => PathPattern.Parse(pattern));
        Assert.Equal("HDR-521", error.Code);
    }

    [Theory]
    [InlineData("stock/*.csv", "stock/")]
    [InlineData("a/b/{c}/d/*", "a/b/")]
    [InlineData("a/b.csv", "a/")]
    [InlineData("*.csv", "")]
    [InlineData("a/b/", "a/b/")]
    public void The_prefix_is_the_literal_folders(string pattern, string prefix) =>
        Assert.Equal(prefix, PathPattern.Parse(pattern).Prefix);

    [Theory]
    [InlineData("a/b.csv", true)]
    [InlineData("a/.b.csv", false)]
    [InlineData("a/_SUCCESS", false)]
    [InlineData("_temporary/b.csv", false)]
    [InlineData("a/b.csv.TMP", false)]
    [InlineData("a/b.csv.filepart", false)]
    [InlineData("a/b.csv~", false)]
    [InlineData("a/b.crdownload", false)]
    [InlineData("a/b.part/c.csv", false)]
    [InlineData("a/part-1.csv", true)]
    [InlineData("a//b", false)]
    public void Hidden_and_temporary_names_are_no_data(string key, bool isData) =>
        Assert.Equal(isData, PathPattern.IsData(key));

    [Fact]
    public void A_hostile_name_takes_no_longer_than_its_length()
    {
        var pattern = PathPattern.Parse("**/*a*a*a*a*a*a*a*a*a*b/**/{x}a{y}a{z}a.csv");
        var clock = Stopwatch.StartNew();
        Assert.False(pattern.TryMatch(string.Join('/', Enumerable.Repeat(new string('a', 60), 15)), out _));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
    }
}
