using Xunit;

namespace Headrace.Tests.Configuration;

/// <summary>What a flow says of masks and of its columns, and what cannot be.</summary>
public class ShapingRuleTests
{
    private const string Start = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
        defaults:
          target: { connection: warehouse }
          masks: { email: redact, iban: { keep_last: 2 } }
        flows:
          people:
            source: { connection: lake, path: "people/{day}/*" }
            read: incremental
            write: merge
            primary_key: id

        """;

    private static global::Headrace.Configuration.LoadedProject Load(string rest) =>
        global::Headrace.Configuration.ProjectFile.Parse(
            Start + string.Concat(rest.Split('\n').Select(line => $"    {line}\n")),
            Path.GetTempPath(),
            null,
            name => name == "EMPTY" ? "" : null
        );

    [Theory]
    [InlineData("masks: { a: { hmac: \"\" } }", "HDR-560", "key is empty")]
    [InlineData("masks: { a: { hmac: \"${EMPTY}\" } }", "HDR-560", "key is empty")]
    [InlineData("masks: { a: { hmac: \"${secret:nowhere}\" } }", "HDR-511", "nowhere")]
    [InlineData("masks: { a: null }", "HDR-560", "says nothing")]
    [InlineData("masks: { a: { hmac: k, keep_last: 1 } }", "HDR-560", "more than one")]
    [InlineData("masks: { a: redcat }", "HDR-507", "redact")]
    [InlineData("masks: { a: { truncate: week } }", "HDR-507", "year")]
    [InlineData("masks: { a: { hamc: k } }", "HDR-503", "hmac")]
    [InlineData("masks: { id: redact }", "HDR-560", "primary_key")]
    [InlineData("masks: { a: { truncate: year } }\ncolumns: { a: text }", "HDR-560", "dates")]
    [InlineData("masks: { day: redact }\nadd_columns: { day: \"{day}\" }", "HDR-560", "path")]
    [InlineData("masks: { a: redact }\ncolumns: { a: { expression: \"b\", type: text } }", "HDR-560", "expression")]
    [InlineData("columns: { a: { from: b } }", "HDR-504", "type")]
    [InlineData("columns: { id: { drop: true } }", "HDR-561", "primary_key")]
    [InlineData("columns: { a: { drop: true, default: 1 } }", "HDR-561", "dropped")]
    [InlineData("columns: { a: { expression: b, from: c, type: text } }", "HDR-561", "expression")]
    [InlineData("columns: { a: { expression: \" \", type: text } }", "HDR-561", "empty")]
    [InlineData("columns: { a: { type: integer, unit: ms } }", "HDR-561", "unit")]
    [InlineData("columns: { a: { type: date, unit: days } }", "HDR-507", "ms")]
    [InlineData("where: \"\"", "HDR-515", "where")]
    public void What_cannot_be_is_named_with_its_place(string rest, string code, string said)
    {
        var problem = Assert.Single(Load(rest).Problems);
        Assert.Equal(code, problem.Code);
        Assert.Contains(said, $"{problem.What} {problem.Next}", StringComparison.Ordinal);
        Assert.Contains(problem.Facts, fact => fact.Value.StartsWith("headrace.yaml:", StringComparison.Ordinal));
    }

    [Fact]
    public void Masks_of_a_flow_come_to_those_of_the_defaults_and_go_before_them()
    {
        var loaded = Load(
            "masks: { iban: { hmac: \"a long key\" }, note: \"null\" }\ncolumns: { mail: { from: email, type: text } }"
        );
        Assert.Empty(loaded.Problems);
        var flow = loaded.Project!.Flows["people"];
        Assert.Equal(
            [("email", MaskKind.Redact, false), ("iban", MaskKind.Hmac, true), ("note", MaskKind.Null, true)],
            flow.SourceMasks().Select(mask => (mask.Column, mask.Kind, mask.IsNeeded))
        );
        var shown = global::Headrace.Configuration.ProjectFile.Show(loaded.Project);
        Assert.DoesNotContain("a long key", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("a long key", string.Join(' ', flow.SourceMasks()), StringComparison.Ordinal);
        Assert.Equal("*** ***", loaded.Project.Secrets.Redact("*** a long key"));
    }

    [Fact]
    public void A_key_that_is_written_out_is_in_no_excerpt()
    {
        var problem = Assert.Single(Load("masks: { a: { hmac: openly, keep_last: 1 } }").Problems);
        Assert.DoesNotContain("openly", string.Join(' ', problem.Facts), StringComparison.Ordinal);
    }
}
