using Headrace.Checks;
using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

/// <summary>Checks as they are written: what they come to, and what is wrong with them, at its place.</summary>
public class CheckRuleTests
{
    [Fact]
    public void Each_kind_has_a_name_made_of_its_columns()
    {
        var flow = Written.Flow(
            "write: append",
            "checks:",
            "  - not_null: [id, email]",
            "  - { unique: email, scope: table }",
            "  - { accepted_values: { column: status, values: [new, paid] }, on_fail: quarantine, allow: 1% }",
            "  - { range: { column: amount, min: 0, max: 100000 }, on_fail: quarantine }",
            "  - { valid_date: { column: born, min: 1900-01-01, max: today }, on_fail: quarantine }",
            "  - { matches: { column: email, pattern: \".+@.+\" }, on_fail: warn }",
            "  - { relationships: { column: product_id, to: shop.products.product_id }, on_fail: warn }",
            "  - { row_count: { min: 1, max: 1000000 } }",
            "  - { freshness: { column: updated_at, warn_after: 1h, error_after: 6h } }",
            "  - { name: ends_after_start, expression: \"ends_at >= starts_at\", where: \"id > 0\" }"
        );

        Assert.Equal(
            [
                "not_null_id_email Batch Stop",
                "unique_email Table Stop",
                "accepted_values_status Batch Quarantine 0.01",
                "range_amount Batch Quarantine",
                "valid_date_born Batch Quarantine",
                "matches_email Batch Warn",
                "relationships_product_id Table Warn",
                "row_count Batch Stop",
                "freshness_updated_at Batch Stop",
                "ends_after_start Batch Stop",
            ],
            flow.Rules()
                .Checks.Select(check =>
                    FormattableString.Invariant($"{check.Name} {check.Scope} {check.OnFail} {check.Allow}").Trim()
                )
        );
        Assert.Equal(15, flow.Rules().Checks[2].At!.Line);
        Assert.Equal("id > 0", flow.Rules().Checks[^1].Where);
    }

    [Theory]
    [InlineData("- {}", "HDR-515 13:9", "nothing is asked")]
    [InlineData("- { not_null: id, unique: id }", "HDR-515 13:9", "more than one thing is asked: not_null, unique")]
    [InlineData("- { not_nul: id }", "HDR-503 13:11", "did you mean 'not_null'?")]
    [InlineData("- { unique: id, scope: table, on_fail: quarantine }", "HDR-515 13:9", "no row can be set aside")]
    [InlineData("- { row_count: { min: 1 }, on_fail: quarantine }", "HDR-515 13:9", "no row can be set aside")]
    [InlineData(
        "- { freshness: { column: t, warn_after: 1h }, on_fail: quarantine }",
        "HDR-515 13:9",
        "no row can be set aside"
    )]
    [InlineData("- { relationships: { column: a, to: b.c.d }, scope: batch }", "HDR-515 13:9", "another table")]
    [InlineData("- { relationships: { column: a, to: b.c } }", "HDR-515 13:9", "schema.table.column")]
    [InlineData("- { row_count: { min: 1 }, allow: 1% }", "HDR-515 13:9", "no share of rows")]
    [InlineData("- { row_count: { min: 2, max: 1 } }", "HDR-515 13:9", "min is more than max")]
    [InlineData("- { row_count: {} }", "HDR-515 13:9", "no bound")]
    [InlineData("- { range: { column: a } }", "HDR-515 13:9", "no bound")]
    [InlineData("- { range: { min: 1 } }", "HDR-504 13:18", "'column'")]
    [InlineData("- { valid_date: { column: a, min: 1900-13-01 } }", "HDR-515 13:9", "'1900-13-01' is no day")]
    [InlineData("- { freshness: { column: a } }", "HDR-515 13:9", "no age")]
    [InlineData("- { accepted_values: { column: a, values: [] } }", "HDR-515 13:9", "lists no value")]
    [InlineData("- { not_null: [a, A] }", "HDR-515 13:9", "named twice")]
    [InlineData("- { name: a, expression: \"x > 1; drop table t\" }", "HDR-515 13:32", "it has a ;")]
    [InlineData("- { name: a, expression: \"x > 1) or (y\" }", "HDR-515 13:32", "closed that is not open")]
    [InlineData("- { not_null: a, where: \"x -- y\" }", "HDR-515 13:31", "it has a comment")]
    [InlineData("{ not_null: a }", "HDR-505 13:7", "a list")]
    [InlineData("- { not_null: a, on_fail: skip }", "HDR-507 13:33", "stop, quarantine, warn")]
    public void What_does_not_go_together_is_told_at_its_place(string check, string at, string what)
    {
        var problem = Written.Problem(Written.FlowText("write: append", "checks:", $"  {check}"));

        Assert.Equal(at, Written.At(problem));
        Assert.Contains(what, Written.Text(problem), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_of_one_name_need_names_of_their_own() =>
        Assert.Contains(
            "the name 'not_null_a' is that of check 1",
            Written
                .Problem(
                    Written.FlowText(
                        "write: append",
                        "checks:",
                        "  - not_null: a",
                        "  - { not_null: a, where: \"b = 1\" }"
                    )
                )
                .What,
            StringComparison.Ordinal
        );

    [Fact]
    public void With_full_exports_no_check_sets_rows_aside()
    {
        var text = Written
            .FlowText("write: merge", "primary_key: id", "checks:", "  - { not_null: a, on_fail: quarantine }")
            .Replace("f/*.csv", "f/{version}/*.csv", StringComparison.Ordinal)
            .Replace("incremental", "snapshot", StringComparison.Ordinal);

        Assert.Contains("no row can be set aside", Written.Problem(text).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_of_the_defaults_hold_where_a_flow_has_none()
    {
        var project = Written.Project(
            Written
                .FlowText("write: append")
                .Replace(
                    "schema: raw }",
                    "schema: raw }\n  checks: [{ row_count: { min: 1 } }]",
                    StringComparison.Ordinal
                )
                + "  g:\n    source: { connection: lake, path: \"g/*.csv\" }\n    read: incremental\n    write: append\n"
                + "    checks: [{ not_null: id }]\n"
        );

        Assert.IsType<RowCountCheck>(Assert.Single(project.Flows["f"].Rules().Checks));
        Assert.IsType<NotNullCheck>(Assert.Single(project.Flows["g"].Rules().Checks));
    }

    [Fact]
    public void What_is_shown_loads_again_as_the_same_checks()
    {
        var shown = ProjectFile.Show(
            Written.Project(
                Written.FlowText(
                    "write: append",
                    "checks:",
                    "  - { not_null: [id, email], allow: 1% }",
                    "  - { name: e, expression: \"a > 'x'\", scope: table }"
                )
            )
        );

        Assert.Contains(
            "    checks:\n      - not_null: [id, email]\n        on_fail: stop\n",
            shown,
            StringComparison.Ordinal
        );
        Assert.Equal(shown, ProjectFile.Show(Written.Project(shown)));
    }
}
