using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What the command line says to a headrace.yaml that is not right.</summary>
public sealed class ConfigurationErrors : ProjectTests
{
    [Theory]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"a/*\" }, read: incremental, wirte: append }",
        "HDR-503",
        "headrace.yaml:8",
        "write"
    )]
    [InlineData(
        "  prices: { source: { connection: lak, path: \"a/*\" }, read: incremental, write: append }",
        "HDR-508",
        "headrace.yaml:8",
        "lake"
    )]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"a/*\" }, read: incremental, write: apend }",
        "HDR-507",
        "headrace.yaml:8",
        "append"
    )]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"a/*\" }, read: incremental, write: merge }",
        "HDR-515",
        "headrace.yaml:8",
        "primary_key"
    )]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"../a/*\" }, read: incremental, write: append }",
        "HDR-516",
        "headrace.yaml:8",
        "path"
    )]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"a/*\" }, read: incremental, write: append, "
            + "columns: { a: interger } }",
        "HDR-50",
        "headrace.yaml:8",
        "integer"
    )]
    [InlineData(
        "  prices: { source: { connection: lake, path: \"a/*\" }\n  x: [",
        "HDR-502",
        "headrace.yaml:",
        "nothing was run"
    )]
    public async Task An_error_has_its_place_and_what_was_meant(string flow, string code, string place, string next)
    {
        World.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults:
              target: { connection: warehouse }
            flows:
            {{flow}}
            """
        );
        var answer = await World.Run("run");
        Assert.Equal(2, answer.Exit);
        Assert.Contains(code, answer.Messages, StringComparison.Ordinal);
        Assert.Matches(
            place.Replace(".", "\\.", StringComparison.Ordinal) + (place.EndsWith(':') ? "" : ":") + "[0-9]+",
            answer.Messages
        );
        Assert.Contains(next, answer.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_errors_are_told_at_once_and_json_is_one_document()
    {
        World.Flows(
            "a: { source: { connection: lake, path: \"a/*\" }, raed: incremental, write: append }\nb: { sorce: 1 }"
        );
        var answer = await World.Run("run", "--json");
        Assert.Equal(2, answer.Exit);
        Assert.StartsWith(
            "HDR-5",
            answer.Json.GetProperty("error").GetProperty("code").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains("problems, nothing was run", answer.Messages, StringComparison.Ordinal);
    }
}
