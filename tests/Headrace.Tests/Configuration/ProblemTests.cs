using Xunit;

namespace Headrace.Tests.Configuration;

public class ProblemTests
{
    [Fact]
    public void An_unknown_key_is_shown_where_it_stands_with_the_one_that_was_meant()
    {
        var problem = Written.Problem(Written.FlowText("write: merge", "primry_key: id", "primary_key: id"));

        Assert.Equal("HDR-503 12:5", Written.At(problem));
        Assert.Equal("Unknown key 'primry_key' in flow 'f'; nothing was run.", problem.What);
        Assert.Equal("did you mean 'primary_key'?", problem.Next);
        Assert.Equal(
            "11 |     write: merge\n12 |     primry_key: id\n   |     ^^^^^^^^^^",
            Written.Fact(problem, "excerpt")
        );
        Assert.StartsWith(
            "source, after, description, owner",
            Written.Fact(problem, "known"),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("HDR-503 12:5", "put it under 'source'", "write: append", "format: csv")]
    [InlineData("HDR-503 12:5", "put it under 'target'", "write: append", "schema: x")]
    [InlineData("HDR-503 12:5", "remove it, or see docs/configuration.md", "write: append", "weather: fine")]
    [InlineData(
        "HDR-503 12:5",
        "write the keys out; `defaults` are for what flows share",
        "write: append",
        "<<: { retries: 1 }"
    )]
    [InlineData("HDR-503 12:15", "did you mean 'table'?", "write: append", "target: { tabel: x }")]
    [InlineData("HDR-504 8:3", "add `write: append`, `write: replace` or `write: merge`")]
    [InlineData("HDR-505 12:14", "write a whole number", "write: append", "retries: many")]
    [InlineData("HDR-505 12:14", "write 0 or more", "write: append", "retries: -1")]
    [InlineData("HDR-505 12:14", "write true", "write: append", "enabled: yes")]
    [InlineData("HDR-505 12:14", "write false", "write: append", "enabled: off")]
    [InlineData("HDR-505 12:12", "a share is a part of 1: write 5%", "write: append", "allow: 5")]
    [InlineData(
        "HDR-505 12:14",
        "write a duration such as 500ms, 2s, 10m, 1h or 1d",
        "write: append",
        "timeout: 5 apples"
    )]
    [InlineData(
        "HDR-505 12:18",
        "write a size such as 512MB, 1GiB or a number of bytes",
        "write: append",
        "batch_bytes: 1GX"
    )]
    [InlineData("HDR-505 12:19", "did you mean 'text'?", "write: append", "columns: { a: string }")]
    [InlineData("HDR-505 12:19", "did you mean 'bigint'?", "write: append", "columns: { a: bigit }")]
    [InlineData("HDR-505 12:19", "did you mean 'decimal(18,2)'?", "write: append", "columns: { a: numeric }")]
    [InlineData(
        "HDR-505 12:19",
        "write it with its digits in all and after the point, at most 38, for example \"decimal(18,2)\"",
        "write: append",
        "columns: { a: decimal }"
    )]
    [InlineData("HDR-505 12:19", "did you mean 'decimal(18,2)'?", "write: append", "columns: { a: decmal }")]
    [InlineData(
        "HDR-502 12:19",
        "put it in quotes: \"decimal(10, 2)\"",
        "write: append",
        "columns: { a: decimal(10, 2), b: decimal(8,2) }"
    )]
    [InlineData(
        "HDR-502 12:28",
        "put it in quotes: \"coalesce(a, b) > 0\"",
        "write: append",
        "checks: [{ expression: coalesce(a, b) > 0 }]"
    )]
    [InlineData(
        "HDR-502 12:36",
        "put it in quotes: \"*.csv\"",
        "write: append",
        "source: { connection: l, path: *.csv }"
    )]
    [InlineData(
        "HDR-502 12:21",
        "put it in quotes: \"*/{shop}.csv\"",
        "write: append",
        "source: { path: */{shop}.csv, connection: l }"
    )]
    [InlineData(
        "HDR-502 12:23",
        "put the cron expression in quotes: \"*/5 0,30 * * *\"",
        "write: append",
        "schedule: { cron: */5 0,30 * * *, timezone: UTC }"
    )]
    [InlineData(
        "HDR-502 12:23",
        "put it in quotes: \"a/{shop}/*.csv\"",
        "write: append",
        "source: { path: a/{shop}/*.csv, connection: l }"
    )]
    [InlineData("HDR-505 12:13", "write keys and values", "write: append", "target: raw")]
    [InlineData("HDR-505 12:14", "write keys and values", "write: append", "columns: [a, b]")]
    [InlineData("HDR-505 12:22", "put the text in quotes: \"{table}…\"", "write: append", "target: { table: {table} }")]
    [InlineData("HDR-506 12:5", "remove one, or put both together", "write: append", "write: append")]
    [InlineData("HDR-506 12:25", "remove one, or put both together", "write: append", "columns: { a: text, A: text }")]
    [InlineData("HDR-507 11:12", "did you mean 'append'?", "write: apend")]
    [InlineData("HDR-507 12:21", "write one of evolve, freeze", "write: append", "schema_changes: ignore-new")]
    [InlineData("HDR-508 12:27", "did you mean 'warehouse'?", "write: append", "target: { connection: warehose }")]
    [InlineData(
        "HDR-514 12:27",
        "name a connection of type duckdb, postgres or redshift",
        "write: append",
        "target: { connection: lake }"
    )]
    [InlineData("HDR-515 11:12", "add `primary_key:` with the column or columns that tell rows apart", "write: merge")]
    [InlineData(
        "HDR-515 12:20",
        "write changed_files: stop or append, or use write: merge with a primary_key",
        "write: append",
        "changed_files: replace"
    )]
    [InlineData("HDR-515 12:20", "write changed_files: stop or replace", "write: replace", "changed_files: append")]
    [InlineData("HDR-515 12:12", "list them under 'columns', or remove 'infer'", "write: append", "infer: false")]
    [InlineData("HDR-515 12:23", "name another schema", "write: append", "target: { schema: headrace }")]
    [InlineData(
        "HDR-515 12:36",
        "write a size of at most 2GB",
        "write: append",
        "limits: { max_record_bytes:    3GB }"
    )]
    [InlineData("HDR-516 12:22", "add {shop} to the path", "write: append", "target: { table: \"{shop}\" }")]
    public void A_wrong_flow_is_told_with_its_place_and_the_way_out(string at, string next, params string[] keys)
    {
        var problem = Written.Problem(Written.FlowText(keys));
        Assert.Equal((at, next), (Written.At(problem), problem.Next));
    }

    [Theory]
    [InlineData("HDR-504 3:3", "lake: { type: folder }", "add `path:` to connection 'lake'")]
    [InlineData(
        "HDR-504 3:3",
        "lake: { path: x }",
        "add `type:` with one of folder, duckdb, postgres, redshift, s3, jsonl, kinesis, dynamodb"
    )]
    [InlineData(
        "HDR-519 3:17",
        "lake: { type: sftp, path: b }",
        "write one of folder, duckdb, postgres, redshift, s3, jsonl, kinesis, dynamodb"
    )]
    [InlineData("HDR-519 3:17", "lake: { type: foldr, path: b }", "did you mean 'folder'?")]
    [InlineData("HDR-503 3:34", "lake: { type: folder, path: x, setle: 1s }", "did you mean 'settle'?")]
    [InlineData("HDR-525 3:49", "lake: { type: duckdb, path: x.duckdb, memory: 383MB }", "write memory: 384MB or more")]
    [InlineData(
        "HDR-517 3:3",
        "my lake: { type: folder, path: x }",
        "use letters, digits, _ and -, and start with a letter or _"
    )]
    public void A_wrong_connection_is_told_with_its_place_and_the_way_out(string at, string connection, string next)
    {
        var problem = Written.Problem($"version: 1\nconnections:\n  {connection}\n");
        Assert.Equal((at, next), (Written.At(problem), problem.Next));
    }

    [Theory]
    [InlineData(
        "HDR-504 3:3",
        "add `password: ${secret:…}`, or let IAM lend a login: `cluster: NAME`, or `workgroup: NAME` for Serverless",
        "user: u"
    )]
    [InlineData("HDR-504 3:3", "add `user:` with the user of the database to log in as", "cluster: c")]
    [InlineData(
        "HDR-515 3:128",
        "remove one: password is the user's own; cluster has IAM lend a login for the user",
        "user: u, password: x, cluster: c"
    )]
    [InlineData(
        "HDR-515 3:129",
        "remove one: cluster has IAM lend a login for the user; workgroup has IAM lend a login to Serverless",
        "user: u, cluster: c, workgroup: w"
    )]
    [InlineData("HDR-515 3:103", "remove 'user'", "user: u, workgroup: w")]
    [InlineData(
        "HDR-515 3:127",
        "remove 'region', or write 'cluster' or 'workgroup' instead of 'password'",
        "user: u, password: x, region: eu-west-1"
    )]
    [InlineData(
        "HDR-515 3:121",
        "write https://HOST; http:// only for this machine",
        "workgroup: w, endpoint: 'http://example.com'"
    )]
    [InlineData("HDR-515 3:119", "write for example `region: eu-west-1`", "workgroup: w, region: 'evil.example.com/'")]
    public void A_login_to_redshift_that_cannot_be_is_told_with_the_way_out(string at, string next, string login)
    {
        var problem = Written.Problem(
            "version: 1\nconnections:\n  rs: { type: redshift, host: h, database: d, iam_role: default, "
                + $"staging: {{ connection: lake }}, {login} }}\n  lake: {{ type: folder, path: x }}\n"
        );
        Assert.Equal((at, next), (Written.At(problem), problem.Next));
    }

    [Theory]
    [InlineData("spark")]
    public void A_connection_of_a_later_version_is_said_to_be_one(string type) =>
        Assert.Equal(
            $"Type '{type}' of connection 'c' is not known in this version; "
                + "known: folder, duckdb, postgres, redshift, s3, jsonl, kinesis, dynamodb; nothing was run.",
            Written.Problem($"version: 1\nconnections:\n  c: {{ type: {type} }}\n").What
        );

    [Theory]
    [InlineData("\"/f/*.csv\"")]
    [InlineData("\"../f/*.csv\"")]
    [InlineData("\"{a b}/*.csv\"")]
    [InlineData("\"{1a}/*.csv\"")]
    [InlineData("\"{a/*.csv\"")]
    [InlineData("\"{a}/{a}.csv\"")]
    [InlineData("\"\"")]
    public void A_path_that_cannot_work_is_refused(string path)
    {
        var text =
            Written.Start
            + $"flows:\n  f:\n    source: {{ connection: lake, path: {path} }}\n    read: incremental\n"
            + "    write: append\n";
        Assert.Equal("HDR-516 9:39", Written.At(Written.Problem(text)));
    }

    [Fact]
    public void A_drop_flow_needs_its_captures_and_no_write()
    {
        var problems = Written
            .Load(
                Written.Start
                    + "flows:\n  f:\n    source: { connection: lake, path: \"in/{tabel}/*\" }\n    read: drop\n"
                    + "    write: append\n    target: { table: x }\n"
            )
            .Problems;
        Assert.Equal(
            ["HDR-516 9:39 {action}", "HDR-516 9:39 {table}", "HDR-515 11:12 'write'"],
            problems.Select(problem =>
                $"{Written.At(problem)} "
                + problem.What.Split(' ').First(word => word is "{action}" or "{table}" or "'write'")
            )
        );
    }

    [Theory]
    [InlineData("delimiter: \";;\"", "write one character in quotes, or the word tab")]
    [InlineData("delimiter: é", "write one character in quotes, or the word tab")]
    [InlineData("delimiter: \"'\", quote: \"'\"", "change one of them")]
    [InlineData("decimal: x", "write \".\" or \",\"")]
    [InlineData("encoding: uft-8", "did you mean 'utf-8'?")]
    [InlineData("date: YYYY-MM-DD", "use yyyy MM dd HH mm ss fff, or %Y %m %d %H %M %S %g; put other letters in '…'")]
    [InlineData("date: \"%Q\"", "use yyyy MM dd HH mm ss fff, or %Y %m %d %H %M %S %g; put other letters in '…'")]
    public void Csv_options_that_no_reader_understands_are_refused(string option, string next)
    {
        var problem = Written.Problem(
            Written.FlowText("write: append").Replace("*.csv\" }", $"*.csv\", csv: {{ {option} }} }}")
        );
        Assert.Equal(("HDR-515", next), (problem.Code, problem.Next));
    }

    [Fact]
    public void All_problems_are_told_at_once_from_the_top_down()
    {
        var problems = Written
            .Load(Written.FlowText("write: apend", "retires: 3", "timeout: x").Replace("schema: raw", "schma: raw"))
            .Problems;
        Assert.Equal(["HDR-503 6:36", "HDR-507 11:12", "HDR-503 12:5", "HDR-505 13:14"], problems.Select(Written.At));
    }

    [Fact]
    public void A_problem_of_the_defaults_is_told_once()
    {
        var yaml = Written.FlowText("write: append").Replace("schema: raw }", "schema: raw }\n  retires: 3");
        Assert.Equal(
            "HDR-503 7:3",
            Written.At(
                Written.Problem(yaml + yaml[yaml.IndexOf("  f:", StringComparison.Ordinal)..].Replace("  f:", "  g:"))
            )
        );
    }

    [Fact]
    public void Another_version_is_not_read_any_further() =>
        Assert.Equal("HDR-509 1:10", Written.At(Written.Problem("version: 2\nnews: 1\n")));

    [Fact]
    public void An_environment_that_is_not_there_is_told_with_the_nearest()
    {
        var problem = Written.Problem("version: 1\nenvironments:\n  prod: {}\n", "prd");
        Assert.Equal(("HDR-513", "did you mean 'prod'?"), (problem.Code, problem.Next));
    }

    [Fact]
    public void A_missing_file_says_how_to_begin()
    {
        using var folder = new TemporaryFolder();
        var problem = Assert.Single(Headrace.Configuration.ProjectFile.Load(folder.Path, null, _ => null).Problems);
        Assert.Equal("HDR-501", problem.Code);
        Assert.Contains("`headrace init`", problem.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_the_file_does_not_go_on_into_the_message()
    {
        var problem = Written.Problem("version: 1\nconnections:\n  w: { type: duckdb, path: x, password: hunter22 }\n");
        Assert.DoesNotContain("hunter22", Written.Text(problem), StringComparison.Ordinal);
    }
}
