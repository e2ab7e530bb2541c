using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public class EnvironmentTests
{
    const string Yaml = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake, settle: 9s }
          warehouse: { type: duckdb, path: ./warehouse.duckdb, memory: 1GB }
        environments:
          prod:
            connections:
              warehouse: { path: "${WAREHOUSE}" }
              lake: { type: folder, path: /data/lake }
              extra: { type: jsonl, path: /data/ops }
            defaults: { retries: 5, target: { schema: core } }
          other:
            connections:
              warehouse: { type: jsonl, path: x }
        defaults:
          target: { connection: warehouse, schema: raw }
          timeout: 1h
        flows:
          f:
            source: { connection: lake, path: "f/*" }
            read: incremental
            write: append
        """;

    [Fact]
    public void Without_an_environment_its_variables_need_not_be_set()
    {
        var project = Written.Project(Yaml);
        Assert.Equal("./warehouse.duckdb", ((DuckDbConnection)project.Connections["warehouse"]).Path);
        Assert.Equal(["prod", "other"], project.Environments.Keys);
    }

    [Fact]
    public void A_connection_of_the_same_type_is_changed_key_by_key_and_defaults_are_laid_over()
    {
        var project = Written.Project(Yaml, "prod", ("WAREHOUSE", "/data/w.duckdb"));

        Assert.Equal("prod", project.Environment);
        Assert.Equal(
            new DuckDbConnection
            {
                Name = "warehouse",
                Path = "/data/w.duckdb",
                Memory = 1_000_000_000,
            },
            project.Connections["warehouse"]
        );
        Assert.Equal(
            new FolderConnection
            {
                Name = "lake",
                Path = "/data/lake",
                Settle = TimeSpan.FromSeconds(9),
            },
            project.Connections["lake"]
        );
        Assert.Equal(new JsonlConnection { Name = "extra", Path = "/data/ops" }, project.Connections["extra"]);
        var flow = project.Flows["f"];
        Assert.Equal(
            (5, "core", "warehouse", TimeSpan.FromHours(1)),
            (flow.Retries, flow.Target.Schema, flow.Target.Connection, flow.Timeout)
        );
    }

    [Fact]
    public void A_connection_of_another_type_is_replaced_and_checked_again() =>
        Assert.Equal("HDR-514 16:25", Written.At(Written.Problem(Yaml, "other")));

    [Fact]
    public void The_variables_of_the_chosen_environment_have_to_be_set() =>
        Assert.Equal("HDR-510 8:26", Written.At(Written.Problem(Yaml, "prod")));

    [Theory]
    [InlineData("lake: { path: /data/lake }", "lake: { pth: /data/lake }", "HDR-503 8:15")]
    [InlineData("lake: { path: /data/lake }", "new: { path: /data/lake }", "HDR-504 8:7")]
    [InlineData("retries: 5", "retries: x", "HDR-505 9:26")]
    public void A_mistake_in_an_environment_is_found_also_when_another_one_is_chosen(
        string right,
        string wrong,
        string at
    )
    {
        var yaml = Written.Start.Replace(
            "defaults:",
            "environments:\n  prod:\n    connections:\n      lake: { path: /data/lake }\n"
                + "    defaults: { retries: 5 }\ndefaults:"
        );
        Written.Project(yaml);
        Assert.Equal(at, Written.At(Written.Problem(yaml.Replace(right, wrong))));
        Assert.Equal(at, Written.At(Written.Problem(yaml.Replace(right, wrong), "prod")));
    }
}
