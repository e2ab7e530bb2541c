using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Checks of a batch and of a table: what they set aside, stop, let through and put on record.</summary>
public abstract class Checks(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    internal const string Found =
        "SELECT name, kind, scope, on_fail, checked, failed, outcome FROM headrace.checks ORDER BY checked_at, name";

    [Fact]
    public async Task RowsThatFailAreSetAsideWithTheirReason()
    {
        await Flows(
            Flow(
                "append",
                "not_null: [id, email], on_fail: quarantine",
                "accepted_values: { column: status, values: [new, paid] }, on_fail: quarantine",
                "range: { column: amount, min: 0, max: 100.5 }, on_fail: quarantine, where: \"status <> 'paid'\"",
                "valid_date: { column: born, min: 1900-01-01, max: today }, on_fail: quarantine",
                "matches: { column: email, pattern: \".+@.+\" }, on_fail: quarantine",
                "name: in_order, expression: \"ends_at >= starts_at\", on_fail: quarantine"
            )
        );
        World.Put(
            "f/1.csv",
            """
            id,email,status,amount,born,starts_at,ends_at
            1,a@b,new,1.00,2000-01-01,2026-01-01 00:00:00,2026-01-02 00:00:00
            2,,new,1.00,2000-01-01,,
            3,a@b,gone,1.00,2000-01-01,,
            4,a@b,new,-1.00,2000-01-01,,
            5,a@b,paid,-1.00,,,
            6,a@b,new,1.00,1899-12-31,,
            7,a@b,new,1.00,2999-01-01,,
            8,none,new,1.00,2000-01-01,,
            9,a@b,new,1.00,2000-01-01,2026-01-02 00:00:00,2026-01-01 00:00:00
            x,a@b,new,1.00,2000-01-01,,

            """
        );
        var run = (await World.Load()).Only;
        Assert.Equal("2i 0u 0d 0s 8q", run.Counts);
        Assert.Equal(["1", "5"], await Rows("SELECT id FROM raw.f ORDER BY id"));
        Assert.Equal(
            [
                "3|email|NULL|check 'not_null_id_email': NULL in id or email",
                "4|status|gone|check 'accepted_values_status': status is none of new, paid",
                "5|amount|-1.00|check 'range_amount': amount is not between 0 and 100.5",
                "7|born|1899-12-31|check 'valid_date_born': born is not between 1900-01-01 and today",
                "8|born|2999-01-01|check 'valid_date_born': born is not between 1900-01-01 and today",
                "9|email|none|check 'matches_email': email does not match .+@.+",
                "10|NULL|NULL|check 'in_order': ends_at >= starts_at does not hold",
                "11|id|x|'x' is no bigint",
            ],
            await Rows("SELECT line, \"column\", value, reason FROM headrace.quarantine ORDER BY line")
        );
        Assert.Equal(
            [
                "accepted_values_status|accepted_values|batch|quarantine|9|1|quarantined",
                "in_order|expression|batch|quarantine|9|1|quarantined",
                "matches_email|matches|batch|quarantine|9|1|quarantined",
                "not_null_id_email|not_null|batch|quarantine|9|1|quarantined",
                "range_amount|range|batch|quarantine|8|1|quarantined",
                "valid_date_born|valid_date|batch|quarantine|9|2|quarantined",
            ],
            await Rows(Found)
        );
        Assert.Equal(
            [
                "[\"f/1.csv line 7: born = \\u00271899-12-31\\u0027\", \"f/1.csv line 8: born = \\u00272999-01-01\\u0027\"]",
            ],
            await Rows("SELECT sample FROM headrace.checks WHERE kind = 'valid_date'")
        );
        Assert.Equal(
            "{\"name\":\"range_amount\",\"kind\":\"range\",\"scope\":\"batch\",\"outcome\":\"quarantined\","
                + "\"checked\":8,\"failed\":1}",
            run.Json.GetProperty("checks")[2].GetRawText()
        );
        Assert.Equal(
            ["1"],
            await Rows(
                "SELECT count(*) FROM headrace.checks AS c JOIN headrace.loads AS l ON l.load_id = c.load_id "
                    + $"AND l.run_id = c.run_id WHERE c.name = 'in_order' AND l.run_id = '{run.Id}'"
            )
        );
        Assert.Contains(
            "in_order' (expression, batch) quarantined: 1 failed of 9",
            (await World.Run("show", run.Id)).Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ValuesAreThoseOfTheirTypes()
    {
        await Flows(
            Flow(
                "append",
                "accepted_values: { column: amount, values: [1, 2.5] }, on_fail: quarantine",
                "accepted_values: { column: d, values: [2026-01-01] }, on_fail: warn",
                "accepted_values: { column: b, values: [true] }, on_fail: warn",
                "range: { column: n, max: 0.5 }, on_fail: warn",
                "range: { column: t, min: \"2026-01-01 00:00:00\" }, on_fail: warn",
                "name: d_again, accepted_values: { column: d, values: [2026-01-01] }, on_fail: warn, scope: table",
                "name: b_again, accepted_values: { column: b, values: [true] }, on_fail: warn, scope: table",
                "name: n_again, range: { column: n, max: 0.5 }, on_fail: warn, scope: table",
                "name: t_again, range: { column: t, min: \"2026-01-01 00:00:00\" }, on_fail: warn, scope: table",
                "name: z_again, freshness: { column: t, error_after: 100d }, on_fail: warn, scope: table"
            )
        );
        World.Put(
            "f/1.csv",
            """
            amount,d,b,n,t
            1,2026-01-01,true,0.25,2026-01-01 00:00:00
            2.5,2026-01-02,false,0.75,2025-12-31 23:59:59
            3,,,,

            """
        );
        Assert.Equal("2i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            [
                "accepted_values_amount|3|1|quarantined",
                "accepted_values_b|3|1|warned",
                "accepted_values_d|3|1|warned",
                "b_again|2|1|warned",
                "d_again|2|1|warned",
                "n_again|2|1|warned",
                "range_n|3|1|warned",
                "range_t|3|1|warned",
                "t_again|2|1|warned",
                "z_again|2|1|warned",
            ],
            await Rows("SELECT name, checked, failed, outcome FROM headrace.checks ORDER BY name")
        );
        Assert.Equal(
            ["[\"b = \\u0027false\\u0027\"]", "[\"d = \\u00272026-01-02\\u0027\"]"],
            await Rows("SELECT sample FROM headrace.checks WHERE name IN ('b_again', 'd_again') ORDER BY name")
        );
    }

    [Theory]
    [InlineData("append")]
    [InlineData("merge, primary_key: id")]
    [InlineData("replace")]
    public async Task OfRowsAlikeTheLastOneStays(string write)
    {
        await Flows(Flow(write, "unique: [id, email], on_fail: quarantine"));
        World
            .Put("f/1.csv", "id,email,amount\n1,a,1\n2,a,2\n1,a,3\n,b,4\n,b,5\n", landedSecondsAgo: 900)
            .Put("f/2.csv", "id,email,amount\n1,a,6\n3,a,7\n", landedSecondsAgo: 800);
        var isKeyed = write.StartsWith("merge", StringComparison.Ordinal); // whose key is never NULL
        Assert.Equal(isKeyed ? 4 : 2, (await World.Run("plan", "--json")).Only["quarantined"]);
        Assert.Equal(isKeyed ? "3i 0u 0d 0s 4q" : "5i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(
            isKeyed ? ["1|6", "2|2", "3|7"] : ["1|6", "2|2", "3|7", "NULL|4", "NULL|5"],
            await Rows(
                "SELECT id, amount FROM raw.f ORDER BY id NULLS LAST, amount".Replace(
                    "amount FROM",
                    "CAST(amount AS bigint) AS amount FROM",
                    StringComparison.Ordinal
                )
            )
        );
        Assert.Equal(
            ["f/1.csv|2|id", "f/1.csv|4|id"],
            await Rows(
                "SELECT file, line, \"column\" FROM headrace.quarantine WHERE reason LIKE 'check%' ORDER BY line"
            )
        );
        Assert.Equal([isKeyed ? "5|2" : "7|2"], await Rows("SELECT checked, failed FROM headrace.checks"));
    }

    [Fact]
    public async Task OnlyRowsOfTheConditionAreAsked()
    {
        await Flows(
            Flow(
                "append",
                "name: a, where: \"email like '%1'\", expression: \"cast(email as integer) > 1\", on_fail: quarantine",
                "name: b, where: \"email like '%1'\", expression: \"cast(email as integer) > 20\", "
                    + "on_fail: warn, scope: table"
            )
        );
        World.Put("f/1.csv", "id,email\n1,11\n2,x\n3,1\n4,\n5,y\n6,21\n");
        Assert.Equal("5i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["a|3|1|quarantined", "b|2|1|warned"],
            await Rows("SELECT name, checked, failed, outcome FROM headrace.checks ORDER BY name")
        );
    }

    [Fact]
    public async Task AStopChangesNothingAndIsOnRecord()
    {
        await Flows(
            Flow("append", "range: { column: amount, min: 0 }, allow: 20%", "not_null: [email], on_fail: quarantine")
        );
        World.Put("f/1.csv", "id,email,amount\n1,a,-1\n2,,2\n3,a,-3\n4,a,-4\n5,a,-5\n");
        var planned = await World.Run("plan", "--json");
        Assert.Equal((3, "HDR-210"), (planned.Exit, planned.Only.Error));
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "stopped", "HDR-210"), (answer.Exit, answer.Only.Outcome, answer.Only.Error));
        var error = answer.Only.Json.GetProperty("error");
        Assert.Equal(
            "Check 'range_amount' failed for 4 of 5 rows: amount is less than 0; nothing of the batch was loaded.",
            error.GetProperty("what").GetString()
        );
        Assert.Equal(
            "f/1.csv line 2: amount = '-1'\nf/1.csv line 4: amount = '-3'\nf/1.csv line 5: amount = '-4'",
            error.GetProperty("facts").GetProperty("found").GetString()
        );
        Assert.Equal("4", answer.Only.Json.GetProperty("checks")[0].GetProperty("failed").ToString());
        Assert.Equal(
            ["not_null_email|not_null|batch|quarantine|5|1|quarantined", "range_amount|range|batch|stop|5|4|stopped"],
            await Rows(Found)
        );
        Assert.Equal(
            ["0|0|0"],
            await Rows(
                "SELECT (SELECT count(*) FROM headrace.loads) AS a, (SELECT count(*) FROM headrace.files) AS b, "
                    + "(SELECT count(*) FROM headrace.quarantine) AS c"
            )
        );
        Assert.Equal(
            ["0"],
            await Rows("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw' AND table_name = 'f'")
        );

        World.Put("f/1.csv", "id,email,amount\n1,a,-1\n2,,2\n3,a,3\n4,a,4\n5,a,5\n");
        var run = (await World.Load()).Only;
        Assert.Equal("4i 0u 0d 0s 1q", run.Counts);
        Assert.Equal(
            "passed 1",
            $"{run.Json.GetProperty("checks")[0].GetProperty("outcome")} {run.Json.GetProperty("checks")[0].GetProperty("failed")}"
        );
    }

    [Fact]
    public async Task AWarningLetsRowsThroughAndMoreThanIsAllowedStops()
    {
        await Flows(
            Flow(
                "append",
                "matches: { column: email, pattern: \"@\" }, on_fail: warn",
                "row_count: { min: 3 }, on_fail: warn",
                "freshness: { column: seen, warn_after: 1h }",
                "range: { column: amount, min: 0 }, on_fail: quarantine, allow: 0.5"
            )
        );
        World.Put("f/1.csv", "id,email,amount,seen\n1,a,-1,2020-01-01 00:00:00\n2,b@c,2,2020-01-01 00:00:00\n");
        var planned = await World.Run("plan");
        Assert.Contains(
            "! check 'range_amount' (range, batch) quarantined: 1 failed of 2",
            planned.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("check 'row_count' failed: ", planned.Output, StringComparison.Ordinal);
        var answer = await World.Run("run", "--json");
        Assert.Equal((0, "1i 0u 0d 0s 1q"), (answer.Exit, answer.Only.Counts));
        Assert.Equal(
            "check 'matches_email' failed for 1 of 2 rows: email does not match @\n"
                + "check 'row_count' failed: the number of rows is less than 3: 2\n"
                + "check 'freshness_seen' failed: no seen is newer than 1h",
            answer.Only.Warnings
        );
        Assert.Equal(
            [
                "freshness_seen|2|1|warned",
                "matches_email|2|1|warned",
                "range_amount|2|1|quarantined",
                "row_count|2|1|warned",
            ],
            await Rows("SELECT name, checked, failed, outcome FROM headrace.checks ORDER BY name")
        );
        World.Put("f/2.csv", "id,email,amount,seen\n3,a@b,-1,2020-01-01 00:00:00\n4,b@c,-2,2020-01-01 00:00:00\n");
        answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-210"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["1"], await Rows("SELECT count(*) FROM raw.f"));
    }

    [Theory]
    [InlineData("unique: [id], scope: table", "unique_id|unique|table|stop|4|1|stopped", "id = '1'")]
    [InlineData(
        "relationships: { column: email, to: raw.mails.mail }",
        "relationships_email|relationships|table|stop|4|1|stopped",
        "email = 'c@d'"
    )]
    [InlineData(
        "row_count: { max: 3 }, scope: table",
        "row_count|row_count|table|stop|4|1|stopped",
        "the number of rows is more than 3: 4"
    )]
    [InlineData(
        "matches: { column: email, pattern: '^[ab]@' }, scope: table, where: \"id > 0\"",
        "matches_email|matches|table|stop|4|1|stopped",
        "email = 'c@d'"
    )]
    [InlineData(
        "accepted_values: { column: id, values: [1, 2] }, scope: table",
        "accepted_values_id|accepted_values|table|stop|4|1|stopped",
        "id = '3'"
    )]
    [InlineData(
        "valid_date: { column: seen, max: 2026-01-03 }, scope: table",
        "valid_date_seen|valid_date|table|stop|4|1|stopped",
        "seen = '2026-01-04 00:00:00'"
    )]
    [InlineData(
        "freshness: { column: seen, error_after: 1d }, scope: table",
        "freshness_seen|freshness|table|stop|4|1|stopped",
        "no seen is newer than 1d"
    )]
    [InlineData(
        "name: small, expression: \"id < 3 or email = 'x'\", scope: table",
        "small|expression|table|stop|4|1|stopped",
        "id = '3'"
    )]
    public async Task ATableThatFailsIsTakenBack(string check, string found, string shown)
    {
        await Flows(Flow("append", check));
        await Alter("CREATE SCHEMA raw");
        await Alter("CREATE TABLE raw.mails (mail varchar(20))");
        await Alter("INSERT INTO raw.mails VALUES ('a@b'), ('b@c'), (NULL)");
        await Alter("CREATE TABLE raw.f (id bigint, email varchar(20), seen timestamp)");
        await Alter("INSERT INTO raw.f VALUES (1, 'a@b', '2026-01-01 00:00:00'), (2, NULL, '2026-01-02 00:00:00')");
        World.Put("f/1.csv", "id,email,seen\n1,b@c,2026-01-03 00:00:00\n3,c@d,2026-01-04 00:00:00\n");
        Assert.Equal("would_load", (await World.Run("plan", "--json")).Only.Outcome);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-210"), (answer.Exit, answer.Only.Error));
        Assert.Contains(
            shown,
            answer.Only.Json.GetProperty("error").ToString().Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Equal([found], await Rows(Found));
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.f ORDER BY id"));
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM headrace.loads"));

        await Flows(
            Flow(
                "append",
                check.Replace("scope: table", "scope: table, on_fail: warn", StringComparison.Ordinal)
                    + (check.Contains("scope", StringComparison.Ordinal) ? "" : ", on_fail: warn")
            )
        );
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            [
                found
                    .Replace("|stop|", "|warn|", StringComparison.Ordinal)
                    .Replace("stopped", "warned", StringComparison.Ordinal),
            ],
            (await Rows(Found)).Skip(1)
        );
    }

    [Theory]
    [InlineData("not_null: [emial]", "HDR-216", "did you mean 'email'?")]
    [InlineData("not_null: [emial], scope: table, on_fail: warn", "HDR-216", "did you mean 'email'?")]
    [InlineData("name: e, expression: \"emial = 'x'\"", "HDR-216", "did you mean 'email'?")]
    [InlineData("name: e, expression: \"id = 'x' +\"", "HDR-217", "syntax error")]
    [InlineData("name: e, expression: \"id + email\"", "HDR-217", "headrace.yaml:")]
    [InlineData("name: e, expression: \"cast(email as integer) > 0\"", "HDR-217", "Could not convert")]
    [InlineData("name: e, expression: \"id in (select 1)\"", "HDR-217", "a subquery is not allowed")]
    [InlineData("name: e, expression: \"current_setting('threads') = 1\"", "HDR-217", "current_setting is not allowed")]
    [InlineData(
        "name: e, expression: \"true\", where: \"read_text('/etc/passwd') = ''\"",
        "HDR-217",
        "read_text is not allowed"
    )]
    [InlineData("name: e, expression: \"row_number() over () = 1\"", "HDR-217", "a window is not allowed")]
    [InlineData("range: { column: id, min: abc }", "HDR-218", "'abc' is no value of the column 'id', which is bigint")]
    [InlineData("range: { column: email, min: 1 }", "HDR-218", "range needs a number or a time")]
    [InlineData("matches: { column: email, pattern: '(' }", "HDR-217", "(")]
    public async Task WhatCannotBeAskedIsFoundBeforeAnythingIsLoaded(string check, string code, string found)
    {
        await Flows(Flow("append", check));
        World.Put("f/1.csv", "id,email,seen\n1,b@c,2026-01-03 00:00:00\n3,c@d,2026-01-04 00:00:00\n");
        var isTable = check.Contains("scope: table", StringComparison.Ordinal);
        if (!isTable)
            Assert.Equal(code, (await World.Run("plan", "--json")).Only.Error);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, code), (answer.Exit, answer.Only.Error));
        var error = answer.Only.ErrorText.Replace("\\u0027", "'", StringComparison.Ordinal);
        Assert.Contains(found, error, StringComparison.Ordinal);
        Assert.Contains("headrace.yaml:", error, StringComparison.Ordinal);
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM headrace.loads"));
    }

    [Fact]
    public async Task WhatTheWarehouseCannotAnswerIsNamed()
    {
        await Flows(Flow("append", "relationships: { column: id, to: raw.none.id }"));
        World.Put("f/1.csv", "id,email\n1,b@c\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-219"), (answer.Exit, answer.Only.Error));
        Assert.Contains("none", answer.Only.ErrorText, StringComparison.Ordinal);
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM headrace.loads"));
    }

    [Fact]
    public async Task ARowIsReleasedOnceItPasses()
    {
        await Flows(Flow("append", "range: { column: amount, min: 0 }, on_fail: quarantine") + "\n  on_fail: stop");
        World.Put("f/1.csv", "id,amount\n1,-1\n2,-2\n3,3\n");
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts); // on_fail of the flow is about types
        Assert.Contains(
            "\"released\":0,\"kept\":2",
            (await World.Run("quarantine", "release", "f", "--json")).Output,
            StringComparison.Ordinal
        );
        await Flows(Flow("append", "range: { column: amount, min: -1 }, on_fail: quarantine"));
        Assert.Contains(
            "\"released\":1,\"kept\":1",
            (await World.Run("quarantine", "release", "f", "--json")).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(["1", "3"], await Rows("SELECT id FROM raw.f ORDER BY id"));
    }

    internal static string Flow(string write, params string[] checks) =>
        $$"""
            f:
              source: { connection: lake, path: "f/*" }
              read: incremental
              {{write.Replace(", ", "\n  ", StringComparison.Ordinal).Insert(0, "write: ")}}
              columns: { id: { type: bigint, nullable: true }, email: { type: text, nullable: true }, amount: { type: "decimal(10,2)", nullable: true } }
              checks:
            {{string.Join("\n", checks.Select(check => $"    - {{ {check} }}"))}}
            """;
}

public sealed class ChecksIntoDuckDb(PostgresServer server) : Checks(server, WarehouseKind.DuckDb);

public sealed class ChecksIntoPostgres(PostgresServer server) : Checks(server, WarehouseKind.Postgres);

public sealed class ChecksIntoRedshift(PostgresServer server) : Checks(server, WarehouseKind.Redshift);
