using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public class LoadingTests
{
    /// <summary>The parts of the contract's sample that this version knows.</summary>
    public const string Contract = """
        version: 1
        project: retail
        connections:
          lake:      { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
          ops:       { type: jsonl, path: ./ops }
        defaults:
          target: { connection: warehouse, schema: raw }
          retries: 3
          timeout: 1h
        memory: 512MB
        flows:
          inbox:
            source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
            read: drop
            target: { schema: "{database}", table: "{table}" }
          stock:
            source: { connection: lake, path: "stock/*.csv", format: csv }
            read: incremental
            write: append
          partner_stock:
            description: Daily stock files of our partners
            source:
              connection: lake
              path: "stock/{partner}/stock_{date:yyyyMMdd}.csv"
              format: csv
              csv: { delimiter: ";", decimal: ",", encoding: utf-8, header: true }
            columns:
              ean: text
              quantity: integer
              counted_at: { type: timestamp, from: countedAt, nullable: false }
            read: incremental
            write: merge
            primary_key: [ean, quantity]
            target: { table: "stock_{partner}" }
            schema_changes: freeze
            allow: 0.5%
        """;

    [Fact]
    public void The_sample_of_the_contract_loads()
    {
        var project = Written.Project(Contract);

        Assert.Equal("retail", project.Name);
        Assert.Equal(512_000_000, project.Memory);
        Assert.Equal(["lake", "warehouse", "ops"], project.Connections.Keys);
        Assert.Equal(new FolderConnection { Name = "lake", Path = "./lake" }, project.Connections["lake"]);
        Assert.Equal(["inbox", "stock", "partner_stock"], project.Flows.Keys);
        var flow = project.Flows["partner_stock"];
        Assert.Equal(WriteMode.Merge, flow.Write);
        Assert.Equal(SchemaChanges.Freeze, flow.SchemaChanges);
        Assert.Equal(0.005, flow.Allow);
        Assert.Equal(3, flow.Retries);
        Assert.Equal(TimeSpan.FromHours(1), flow.Timeout);
        Assert.Equal(["ean", "quantity"], flow.PrimaryKey);
        Assert.Equal(
            [
                new DeclaredColumn("ean", "ean", ColumnType.Text),
                new("quantity", "quantity", new(TypeKind.Integer)),
                new("counted_at", "countedAt", new(TypeKind.Timestamp), false),
            ],
            flow.DeclaredColumns()
        );
        Assert.Equal("countedAt", flow.Columns["counted_at"].From);
    }

    [Fact]
    public void A_flow_that_says_little_gets_the_defaults()
    {
        var flow = Written.Flow("write: append");

        Assert.Equal("f", flow.Name);
        Assert.True(flow.Enabled);
        Assert.True(flow.Infer);
        Assert.Equal(
            new Target
            {
                Connection = "warehouse",
                Schema = "raw",
                Table = "f",
            },
            flow.Target
        );
        Assert.Equal(TimeSpan.FromSeconds(2), flow.Settle);
        Assert.Equal(TimeSpan.FromSeconds(1), flow.RetryDelay);
        Assert.Equal(1, flow.Retries);
        Assert.Equal(1_000_000_000, flow.BatchBytes);
        Assert.Equal(OnFail.Quarantine, flow.OnFail);
        Assert.Equal(new FileLimits(), flow.Limits.ToLimits());
        Assert.Null(flow.Allow);
        Assert.Null(flow.Timeout);
    }

    [Theory]
    [InlineData("append", ChangedFiles.Stop)]
    [InlineData("replace", ChangedFiles.Replace)]
    [InlineData("merge", ChangedFiles.Replace)]
    public void A_changed_file_stops_an_append_and_replaces_its_rows_otherwise(string write, ChangedFiles expected) =>
        Assert.Equal(expected, Written.Flow($"write: {write}", "primary_key: id").ChangedFiles);

    [Fact]
    public void A_drop_flow_takes_its_action_and_its_table_from_the_path()
    {
        var flow = Written
            .Project(
                Written.Start
                    + """
                      write: append
                    flows:
                      inbox:
                        source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
                        read: drop
                        target: { schema: "{database}" }
                    """
            )
            .Flows["inbox"];

        Assert.Null(flow.Write);
        Assert.Equal(ChangedFiles.Stop, flow.ChangedFilesFor(Operation.Append));
        Assert.Equal(ChangedFiles.Replace, flow.ChangedFilesFor(Operation.Replace));
        Assert.Equal(
            new TableName("shop", "orders"),
            flow.TableFor(
                new Dictionary<string, string>
                {
                    ["database"] = "shop",
                    ["action"] = "append",
                    ["table"] = "orders",
                }
            )
        );
    }

    [Fact]
    public void A_target_is_laid_over_the_default_key_by_key()
    {
        var flow = Written.Flow("write: append", "target: { table: t }");
        Assert.Equal(
            new Target
            {
                Connection = "warehouse",
                Schema = "raw",
                Table = "t",
            },
            flow.Target
        );
    }

    [Fact]
    public void Null_takes_a_default_away()
    {
        var project = Written.Project(
            Written.FlowText("write: append", "timeout: null").Replace("schema: raw }", "schema: raw }\n  timeout: 1h")
        );
        Assert.Null(project.Flows["f"].Timeout);
    }

    [Theory]
    [InlineData("settle: 4s", "", "", 4)]
    [InlineData("", "settle: 5s", "", 5)]
    [InlineData("", "", ", settle: 6s", 6)]
    [InlineData("settle: 4s", "settle: 5s", ", settle: 6s", 6)]
    public void Settle_is_the_sources_else_the_flows_else_the_connections(
        string connection,
        string flow,
        string source,
        int seconds
    )
    {
        var yaml = Written
            .FlowText("write: append", flow)
            .Replace("path: ./lake }", $"path: ./lake, {connection} }}")
            .Replace("*.csv\" }", $"*.csv\"{source} }}");
        Assert.Equal(TimeSpan.FromSeconds(seconds), Written.Project(yaml).Flows["f"].Settle);
    }

    [Theory]
    [InlineData("a/b.csv", FormatKind.Csv)]
    [InlineData("a/b.CSV.gz", FormatKind.Csv)]
    [InlineData("b.json", FormatKind.Jsonl)]
    [InlineData("b.ndjson.zst", FormatKind.Jsonl)]
    [InlineData("b.parquet", FormatKind.Parquet)]
    [InlineData("b.xlsx", null)]
    [InlineData("csv", null)]
    public void A_format_that_is_not_said_is_told_by_the_files_ending(string key, FormatKind? expected) =>
        Assert.Equal(expected, Written.Flow("write: append").Source.FormatOf(key)?.Kind);

    [Theory]
    [InlineData("json")]
    [InlineData("ndjson")]
    [InlineData("jsonl")]
    public void Json_has_three_names(string word) =>
        Assert.Equal(
            FormatKind.Jsonl,
            Written
                .Project(Written.FlowText("write: append").Replace("*.csv\" }", $"*\", format: {word} }}"))
                .Flows["f"]
                .Source.Format
        );

    [Fact]
    public void Csv_options_become_a_dialect()
    {
        var yaml = Written
            .FlowText("write: append")
            .Replace(
                "*.csv\" }",
                "*\", format: csv, csv: { delimiter: tab, quote: none, null: [NULL, \"-\"], "
                    + "decimal: \",\", date: dd.MM.yyyy, timestamp: \"%Y-%m-%d %H:%M\", skip: 2, header: false, "
                    + "encoding: windows-1252 } }"
            );
        var dialect = Written.Project(yaml).Flows["f"].Source.FormatOf("x")!.Csv!;

        Assert.Equal(
            ('\t', (char?)null, '"', ','),
            (dialect.Delimiter, dialect.Quote, dialect.Escape, dialect.Decimal)
        );
        Assert.Equal(["NULL", "-"], dialect.Null);
        Assert.Equal(
            ("%d.%m.%Y", "%Y-%m-%d %H:%M", 2, false, "windows-1252"),
            (dialect.Date, dialect.Timestamp, dialect.Skip, dialect.Header, dialect.Encoding)
        );
    }

    [Fact]
    public void Csv_without_options_is_the_usual_dialect() =>
        Assert.Equivalent(
            new CsvDialect { Sep = SepLine.Obeyed },
            Written.Flow("write: append").Source.FormatOf("x.csv")!.Csv
        );

    [Fact]
    public void The_bare_word_null_is_a_text_among_the_csv_options() =>
        Assert.Equal(
            ["NULL"],
            Written
                .Project(Written.FlowText("write: append").Replace("*.csv\" }", "*.csv\", csv: { null: NULL } }"))
                .Flows["f"]
                .Source.Csv.Null
        );

    [Fact]
    public void A_relative_path_starts_at_the_projects_folder() =>
        Assert.Equal("/project/lake", Written.Project(Written.Start).FullPath("./lake"));
}
