using Headrace.Configuration;
using Headrace.Models;
using Xunit;

namespace Headrace.Tests.Configuration;

public class ModelRuleTests
{
    private const string Flows = """
        flows:
          customers: { source: { connection: lake, path: "c/*" }, read: incremental, write: append }
        models:

        """;

    private static LoadedProject Load(string models, string sql = "SELECT 1 AS id")
    {
        using var folder = new TemporaryFolder();
        folder.Write("m.sql", sql);
        return Written.Load(Written.Start + Flows + models, folder: folder.Path);
    }

    private static HeadraceException Problem(string models, string sql = "SELECT 1 AS id")
    {
        var loaded = Load(models, sql);
        Assert.Null(loaded.Project);
        return Assert.Single(loaded.Problems);
    }

    [Fact]
    public void A_model_has_the_target_of_the_defaults_and_its_own_name()
    {
        var loaded = Load(
            "  m: { sql: m.sql, write: replace, target: { schema: mart } }\n",
            "-- one\nSELECT 1 AS id;\n"
        );
        Assert.Empty(loaded.Problems);
        var model = loaded.Project!.Models["m"];
        Assert.Equal(("warehouse", "mart.m"), (model.Target.Connection, model.Table.ToString()));
        Assert.Equal("-- one\nSELECT 1 AS id", model.Text);
        Assert.Null(model.After);
    }

    [Theory]
    [InlineData("HDR-504 10:3", "m: { write: replace }")]
    [InlineData("HDR-504 10:3", "m: { sql: m.sql }")]
    [InlineData("HDR-507 10:27", "m: { sql: m.sql, write: upsert }")]
    [InlineData("HDR-570 10:13", "m: { sql: gone.sql, write: replace }")]
    [InlineData("HDR-515 10:27", "m: { sql: m.sql, write: merge }")]
    [InlineData("HDR-515 10:51", "m: { sql: m.sql, write: replace, surrogate_key: sk }")]
    [InlineData("HDR-515 10:68", "m: { sql: m.sql, write: replace, primary_key: id, surrogate_key: ID }")]
    [InlineData("HDR-515 10:27", "m: { sql: m.sql, write: scd2 }")]
    [InlineData("HDR-515 10:42", "m: { sql: m.sql, write: replace, scd2: {} }")]
    [InlineData("HDR-515 10:56", "m: { sql: m.sql, write: scd2, primary_key: id, scd2: { track: [a], ignore: [a] } }")]
    [InlineData("HDR-515 10:3", "customers: { sql: m.sql, write: replace, target: { table: t } }")]
    [InlineData("HDR-515 10:44", "m: { sql: m.sql, write: replace, target: { table: Customers } }")]
    [InlineData("HDR-516 10:53", "m: { sql: m.sql, write: replace, target: { table: \"{t}\" } }")]
    [InlineData("HDR-515 10:54", "m: { sql: m.sql, write: replace, target: { schema: headrace } }")]
    [InlineData("HDR-515 10:50", "m: { sql: m.sql, write: replace, distribution: all }")]
    [InlineData("HDR-573 10:43", "m: { sql: m.sql, write: replace, after: [custmers] }")]
    [InlineData("HDR-572 10:3", "m: { sql: m.sql, write: replace, after: [m] }")]
    [InlineData("HDR-574 10:44", "m: { sql: m.sql, write: replace, before: [commit] }")]
    [InlineData("HDR-574 10:44", "m: { sql: m.sql, write: replace, before: [\"delete from a; delete from b\"] }")]
    [InlineData("HDR-517 10:3", "m n: { sql: m.sql, write: replace }")]
    public void A_broken_rule_is_told_at_its_place(string expected, string model) =>
        Assert.Equal(expected, Written.At(Problem($"  {model}\n")));

    [Fact]
    public void A_name_that_is_not_there_has_a_suggestion() =>
        Assert.Equal(
            "did you mean 'customers'?",
            Problem("  m: { sql: m.sql, write: replace, after: [custmers] }\n").Next
        );

    [Fact]
    public void Models_that_wait_for_each_other_are_named()
    {
        var problem = Problem(
            """
              a: { sql: m.sql, write: replace, after: [c] }
              b: { sql: m.sql, write: replace, after: [a, customers] }
              c: { sql: m.sql, write: replace, after: [b] }

            """
        );
        Assert.Equal("HDR-572", problem.Code);
        Assert.Contains("a reads c reads b reads a", problem.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("it begins with INSERT", "INSERT INTO t SELECT 1")]
    [InlineData("it begins with DROP", "-- SELECT\n/* a /* b */ */ drop table t")]
    [InlineData("it is more than one statement", "SELECT 1; SELECT 2")]
    [InlineData("it is empty", "-- nothing\n;")]
    [InlineData("its parentheses do not match", "SELECT 1) AS q; ")]
    [InlineData("a string, a name in quotes or a comment has no end", "SELECT 'a")]
    public void What_is_no_select_is_refused(string why, string sql)
    {
        var problem = Problem("  m: { sql: m.sql, write: replace }\n", sql);
        Assert.Equal("HDR-571", problem.Code);
        Assert.Contains(why, problem.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT ';' AS \"a;)\", $$ ; ( $$, $x$ ; $$ $x$, E'\\'' -- ; (\n FROM t /* ; ( */ ;")]
    [InlineData("with a as (select 1) select * from a")]
    [InlineData("(SELECT 1) UNION (SELECT 2)")]
    [InlineData("VALUES (1), (2)")]
    public void What_is_one_select_is_taken(string sql) =>
        Assert.Null(SqlStatement.Read(sql, hasBackslashes: false).NoSelect);

    [Theory]
    [InlineData("TRUNCATE", "truncate mart.t")]
    [InlineData("TRUNCATE", "TRUNCATE TABLE mart.t")]
    [InlineData("VACUUM", "vacuum")]
    [InlineData("CALL", "call p()")]
    [InlineData("ALTER TABLE APPEND", "ALTER TABLE a APPEND FROM b")]
    [InlineData("ALTER TABLE ALTER COLUMN", "ALTER TABLE a ALTER COLUMN c TYPE varchar(99)")]
    [InlineData("CREATE EXTERNAL", "create external table x.y (a int)")]
    [InlineData(null, "DELETE FROM mart.t WHERE word = 'truncate'")]
    [InlineData(null, "INSERT INTO mart.t SELECT 'it\\'s; vacuum'")]
    [InlineData(null, "ALTER TABLE a ADD COLUMN b int")]
    public void What_commits_in_redshift_is_told(string? expected, string sql) =>
        Assert.Equal(expected, SqlStatement.Read(sql, hasBackslashes: true).Commits(isRedshift: true));

    [Theory]
    [InlineData("keep_rows needs write: append", "write: replace", "keep_rows: until_models")]
    [InlineData("keep_rows needs one table", "write: append", "keep_rows: until_models", "target: { table: \"{t}\" }")]
    [InlineData("after_run has no command", "write: append", "after_run: { command: [] }")]
    public void What_a_flow_says_of_models_and_commands_goes_together(string why, params string[] keys)
    {
        var text = Written.FlowText(keys).Replace("f/*.csv", "f/{t}/*.csv", StringComparison.Ordinal);
        Assert.Contains(why, Written.Problem(text).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_position_tells_why_a_model_is_to_run_again()
    {
        var before = new ModelPosition("abc", [("orders", "2 l_1 +1"), ("dim", "1 l_2")]);
        Assert.Equal(["it has not run yet"], before.Since(null));
        Assert.Empty(before.Since(before.ToString()));
        Assert.Equal(
            ["its SQL or its settings have changed", "'orders' has loaded since", "it reads 'fact' now"],
            new ModelPosition("abd", [("orders", "3 l_3 +1"), ("dim", "1 l_2"), ("fact", "0")]).Since(before.ToString())
        );
    }
}
