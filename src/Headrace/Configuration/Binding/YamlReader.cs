using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Style = YamlDotNet.Core.ScalarStyle;

namespace Headrace.Configuration.Binding;

/// <summary>
/// Reads YAML text into <see cref="Node"/>s. What could make a small file large or mean something hidden is refused:
/// tags, deep nesting, aliases that multiply, several documents.
/// </summary>
internal sealed class YamlReader
{
    const int DeepestNesting = 32;
    const long MostNodes = 100_000;

    readonly Problems problems;
    readonly Parser parser;
    readonly Dictionary<string, Node> anchors = new(StringComparer.Ordinal);
    Span last;
    long read;

    YamlReader(string text, Problems problems)
    {
        this.problems = problems;
        parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The keys at the top; null, with the reason among the problems, when the text cannot be read.</summary>
    public static MapNode? Read(string text, Problems problems)
    {
        var reader = new YamlReader(text, problems);
        try
        {
            return reader.ReadTop();
        }
        catch (YamlException problem)
        {
            SyntaxAdvice.Add(problems, SpanOf(problem.Start, problem.End), problem.Message);
        }
        catch (Exception problem)
            when (problem is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner gives up in this way on a bracket that is never closed.
            SyntaxAdvice.Add(problems, reader.last, "A bracket or a quote is opened near here and never closed.");
        }
        catch (Refused) { }

        return null;
    }

    MapNode? ReadTop()
    {
        Node? top = null;
        while (Next() is { } part)
            switch (part)
            {
                case StreamStart or StreamEnd or DocumentStart or DocumentEnd:
                    break;
                case var _ when top is not null:
                    throw Refuse(
                        last,
                        "it holds more than one document",
                        "remove the line --- and what comes after it, or make it a file of its own"
                    );
                default:
                    top = ReadNode(part, 0);
                    break;
            }

        switch (top)
        {
            case MapNode map:
                return map;
            case null or ScalarNode { IsNull: true }:
                problems.Add(
                    problems.At(default(Span)),
                    Error.MissingKey(
                        problems.At(default(Span)),
                        "version",
                        "the file",
                        "start it with `version: 1`, or let `headrace init` write one"
                    )
                );
                return null;
            default:
                var found = top is ListNode ? "a list" : "one text";
                problems.Add(
                    problems.At(top),
                    Error.WrongValue(
                        problems.At(top),
                        "the file",
                        "keys and values at the top",
                        found,
                        "start it with `version: 1`"
                    )
                );
                return null;
        }
    }

    ParsingEvent? Next()
    {
        if (!parser.MoveNext())
            return null;
        var part = parser.Current!;
        last = SpanOf(part.Start, part.End);
        if (++read > MostNodes * 2)
            throw Refuse(last, "it has too many parts", "split it");
        return part;
    }

    ParsingEvent Need() => Next() ?? throw new InvalidOperationException();

    Node ReadNode(ParsingEvent part, int depth)
    {
        var span = last;
        if (depth > DeepestNesting)
            throw Refuse(
                span,
                $"it is nested more than {DeepestNesting} levels deep",
                "no key of headrace.yaml is that deep"
            );
        if (part is AnchorAlias alias)
            return anchors.GetValueOrDefault(alias.Value.Value) is { } anchored
                ? anchored
                : throw SyntaxAdvice.Exception(
                    alias.Start,
                    alias.End,
                    $"'*{alias.Value.Value}' is an alias of nothing: no '&{alias.Value.Value}' comes before it."
                );

        var start = (NodeEvent)part;
        if (!start.Tag.IsEmpty)
            throw Refuse(
                span,
                $"it has the tag '{(start.Tag.IsNonSpecific ? "!" : start.Tag.Value)}'",
                "remove the tag: each key has one type anyway"
            );
        Node node = start switch
        {
            Scalar scalar => new ScalarNode(span, scalar.Value, StyleOf(scalar.Style)),
            SequenceStart => ReadList(span, depth),
            _ => ReadMap(span, ((MappingStart)start).Style == MappingStyle.Flow, depth),
        };

        // The size is that of the whole tree below, with every alias followed.
        if (node.Size > MostNodes)
            throw Refuse(
                span,
                "its aliases stand for too many parts",
                "write less by alias; defaults are for what flows share"
            );
        if (!start.Anchor.IsEmpty)
            anchors[start.Anchor.Value] = node;
        return node;
    }

    ListNode ReadList(Span span, int depth)
    {
        var items = new List<Node>();
        for (var part = Need(); part is not SequenceEnd; part = Need())
        {
            items.Add(ReadNode(part, depth + 1));
            if (items is [.., var before, var item])
                RefuseCut(before, item);
        }

        return new ListNode(span with { EndLine = last.EndLine, EndColumn = last.EndColumn }, items);
    }

    MapNode ReadMap(Span span, bool braces, int depth)
    {
        var entries = new List<Entry>();
        var seen = new Dictionary<string, ScalarNode>(StringComparer.Ordinal);
        for (var part = Need(); part is not MappingEnd; part = Need())
        {
            var key = ReadNode(part, depth + 1);
            if (braces && entries is [.., var before])
                RefuseCut(before.Value, key);
            var value = ReadNode(Need(), depth + 1);
            if (key is not ScalarNode name)
                problems.Add(
                    problems.At(key),
                    Error.WrongValue(
                        problems.At(key),
                        "the file",
                        "a key",
                        key is ListNode ? "a list" : "keys and values",
                        "put it in quotes if it is text"
                    )
                );
            else if (seen.TryAdd(name.Text, name))
                entries.Add(new Entry(name, value));
            else
                problems.Add(
                    problems.At(name),
                    Error.DuplicateKey(problems.At(name), name.Text, seen[name.Text].Span.Line)
                );
        }

        return new MapNode(span with { EndLine = last.EndLine, EndColumn = last.EndColumn }, entries, braces);
    }

    // Inside { } and [ ] the comma of decimal(10,2) ends the text, and its rest is the next one.
    void RefuseCut(Node before, Node next)
    {
        if (
            before is not ScalarNode { Style: ScalarStyle.Plain } start
            || next is not ScalarNode { Style: ScalarStyle.Plain } rest
            || start.Span.Line != rest.Span.Line
            || start.Text.LastIndexOf('(') <= start.Text.LastIndexOf(')')
            || !rest.Text.Contains(')', StringComparison.Ordinal)
            || rest.Text.IndexOf('(', StringComparison.Ordinal) is >= 0 and var open
                && open < rest.Text.IndexOf(')', StringComparison.Ordinal)
        )
            return;
        var line = problems.LineAt(start.Span.Line);
        var (from, to) = (start.Span.Column - 1, rest.Span.EndColumn - 1);
        var whole = to > from && to <= line.Length ? line[from..to] : $"{start.Text},{rest.Text}";
        problems.Add(
            problems.At(start.Span),
            Error.YamlSyntax(
                problems.At(start.Span),
                "inside { } or [ ], a comma ends a text",
                $"put it in quotes: \"{whole}\""
            )
        );
        throw new Refused();
    }

    static ScalarStyle StyleOf(Style style) =>
        style switch
        {
            Style.SingleQuoted or Style.DoubleQuoted => ScalarStyle.Quoted,
            Style.Literal or Style.Folded => ScalarStyle.Block,
            _ => ScalarStyle.Plain,
        };

    Refused Refuse(Span span, string why, string next)
    {
        problems.Add(problems.At(span), Error.DocumentRefused(problems.At(span), why, next));
        return new Refused();
    }

    static Span SpanOf(Mark start, Mark end) => new((int)start.Line, (int)start.Column, (int)end.Line, (int)end.Column);

    /// <summary>Leaves the reader at once; the reason is among the problems.</summary>
    sealed class Refused : Exception;
}
