using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Headrace.Tests.House;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Hosting;

/// <summary>
/// <c>deploy/aws</c>: the zip of a function, and a template that moto's CloudFormation takes. Moto knows no policies of
/// buckets and queues, and forgets lifecycle and public access: those are looked at in the template.
/// </summary>
public sealed class Deployments(S3Server s3) : ProjectTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_project_becomes_a_function_with_its_bucket_queue_and_role()
    {
        var code = await s3.BucketAsync();
        var (lake, stack) = ($"made-{code.Name}", $"stack-{code.Name}");
        World.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: s3, bucket: {{lake}}, prefix: in, region: us-east-1 }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            flows:
              prices:
                source: { connection: lake, path: "prices/*.csv" }
                read: incremental
                write: append
                target: { connection: warehouse, schema: raw, table: prices }
            """
        );
        World.Put("prices/1.csv", "id\n1\n");
        var (program, made) = (Path.Combine(World.Folder, "program"), Path.Combine(World.Folder, "out"));
        Directory.CreateDirectory(program);
        var words = World.Words();
        File.WriteAllText(Path.Combine(program, "headrace"), $"#!/bin/sh\nexec '{words[0]}' \"$@\"\n");
        File.SetUnixFileMode(
            Path.Combine(program, "headrace"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        File.WriteAllText(Path.Combine(program, "libduckdb.so"), "");

        using var script = World.Start(
            Path.Combine(Repository.Root, "deploy", "aws", "build.sh"),
            [World.Folder, lake, made],
            new Dictionary<string, string> { ["HEADRACE_PROGRAM"] = program }
        );
        var answer = await script.Ended();
        Assert.True(answer.Exit == 0, answer.Text);

        var zip = await File.ReadAllBytesAsync(
            Path.Combine(made, "headrace.zip"),
            TestContext.Current.CancellationToken
        );
        using (var archive = new ZipArchive(new MemoryStream(zip)))
            Assert.Equal(
                ["bootstrap", "headrace", "libduckdb.so", "project/headrace.yaml"],
                archive
                    .Entries.Select(entry => entry.FullName)
                    .Where(name => !name.EndsWith('/'))
                    .Order(StringComparer.Ordinal)
            );

        await code.PutAsync("headrace.zip", zip);
        var template = await File.ReadAllTextAsync(
            Path.Combine(made, "template.yaml"),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("aws:SecureTransport", template, StringComparison.Ordinal);
        Assert.Contains("AbortIncompleteMultipartUpload", template, StringComparison.Ordinal);
        Assert.Contains("BlockPublicPolicy: true", template, StringComparison.Ordinal);
        await Ask(
            "cloudformation",
            ("Action", "CreateStack"),
            ("StackName", stack),
            ("TemplateBody", template),
            ("Capabilities.member.1", "CAPABILITY_IAM"),
            ("Parameters.member.1.ParameterKey", "CodeBucket"),
            ("Parameters.member.1.ParameterValue", code.Name),
            ("Parameters.member.2.ParameterKey", "CodeKey"),
            ("Parameters.member.2.ParameterValue", "in/headrace.zip")
        );
        var resources = (await Ask("cloudformation", ("Action", "DescribeStackResources"), ("StackName", stack)))
            .Descendants()
            .Where(one => one.Name.LocalName == "member" && Value(one, "LogicalResourceId") is not null)
            .ToDictionary(one => Value(one, "LogicalResourceId")!);

        Assert.Equal(
            ["DeadLetters", "Events", "Function", "Lake", "Queue", "Role"],
            resources.Keys.Order(StringComparer.Ordinal)
        );
        Assert.All(resources.Values, one => Assert.Equal("CREATE_COMPLETE", Value(one, "ResourceStatus")));
        var role = await Ask(
            "iam",
            ("Action", "GetRolePolicy"),
            ("RoleName", Value(resources["Role"], "PhysicalResourceId")!),
            ("PolicyName", "project")
        );
        // Moto keeps it, though not as JSON.
        var kept = Uri.UnescapeDataString(
            role.Descendants().Single(one => one.Name.LocalName == "PolicyDocument").Value
        );
        var printed = JsonNode.Parse((await World.Run("iam-policy", "--role")).Output)!["Statement"]!.AsArray();
        var texts = printed
            .SelectMany(one => one!["Action"]!.AsArray().Concat(one["Resource"]!.AsArray()))
            .Select(text => $"'{text}'")
            .ToList();
        Assert.NotEmpty(texts);
        Assert.All(texts, text => Assert.Contains(text, kept, StringComparison.Ordinal));

        async Task<XDocument> Ask(string service, params (string Name, string Value)[] fields)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, code.Endpoint)
            {
                Content = new FormUrlEncodedContent(
                    fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value))
                ),
            };
            request.Headers.TryAddWithoutValidation(
                "authorization",
                $"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            );
            using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode, text);
            return XDocument.Parse(text);
        }
    }

    private static string? Value(XElement element, string name) =>
        element.Elements().FirstOrDefault(one => one.Name.LocalName == name)?.Value;
}
