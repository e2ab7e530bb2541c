using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Headrace.Aws;

/// <summary>
/// The runtime API of AWS Lambda: gives a function its invocations and takes the answers.
/// </summary>
/// <param name="host">A host and a port, as AWS_LAMBDA_RUNTIME_API has them.</param>
/// <remarks>https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.</remarks>
public sealed class LambdaRuntime(string host) : IDisposable
{
    // The next invocation may come after hours: the machine sleeps until then.
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://{host}/2018-06-01/runtime/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Waits for the next invocation.</summary>
    /// <exception cref="HeadraceException">HDR-252.</exception>
    public Task<Invocation> NextAsync(CancellationToken cancel) =>
        NamedAsync(async () =>
        {
            using var answer = await http.GetAsync(new Uri("invocation/next", UriKind.Relative), cancel);
            answer.EnsureSuccessStatusCode();
            string Header(string name) =>
                answer.Headers.TryGetValues(name, out var values)
                    ? values.First()
                    : throw new HttpRequestException($"an invocation without {name}");
            return new Invocation(
                Header("Lambda-Runtime-Aws-Request-Id"),
                DateTimeOffset.FromUnixTimeMilliseconds(
                    long.Parse(Header("Lambda-Runtime-Deadline-Ms"), CultureInfo.InvariantCulture)
                ),
                await answer.Content.ReadAsStringAsync(cancel)
            );
        });

    /// <summary>Answers an invocation.</summary>
    /// <param name="document">JSON.</param>
    /// <exception cref="HeadraceException">HDR-252.</exception>
    public Task AnswerAsync(Invocation invocation, string document, CancellationToken cancel) =>
        PostAsync($"invocation/{Uri.EscapeDataString(invocation.Id)}/response", document, null, cancel);

    /// <summary>Says that an invocation failed: Lambda has its event come again.</summary>
    /// <exception cref="HeadraceException">HDR-252.</exception>
    public Task FailAsync(Invocation invocation, HeadraceException error, CancellationToken cancel) =>
        PostAsync($"invocation/{Uri.EscapeDataString(invocation.Id)}/error", Document(error), error.Code, cancel);

    /// <summary>Says that the function cannot begin.</summary>
    /// <exception cref="HeadraceException">HDR-252.</exception>
    public Task FailAsync(HeadraceException error, CancellationToken cancel) =>
        PostAsync("init/error", Document(error), error.Code, cancel);

    public void Dispose() => http.Dispose();

    private Task PostAsync(string path, string document, string? error, CancellationToken cancel) =>
        NamedAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
            {
                Content = new StringContent(document, Encoding.UTF8, "application/json"),
            };
            if (error is not null)
                request.Headers.TryAddWithoutValidation("Lambda-Runtime-Function-Error-Type", error);
            using var answer = await http.SendAsync(request, cancel);
            answer.EnsureSuccessStatusCode();
            return true;
        });

    private static string Document(HeadraceException error)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("errorType", error.Code);
            json.WriteString(
                "errorMessage",
                string.Join(
                    "; ",
                    error.Facts.Select(fact => $"{fact.Name} {fact.Value}").Prepend(error.What).Append(error.Next)
                )
            );
            json.WriteStartArray("stackTrace");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private async Task<T> NamedAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (HttpRequestException error)
        {
            throw Error.RuntimeLost(host, error);
        }
    }
}

/// <summary>One call of a function.</summary>
/// <param name="Deadline">When Lambda ends it.</param>
/// <param name="Event">A JSON document.</param>
public sealed record Invocation(string Id, DateTimeOffset Deadline, string Event);
