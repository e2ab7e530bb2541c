using System.Text;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>A function of AWS Lambda that can be called.</summary>
/// <param name="endpoint">The URL of another service that speaks Lambda's protocol; null for AWS's own.</param>
public sealed class LambdaFunction(string name, string? endpoint, Secrets secrets, TimeProvider clock)
{
    private readonly AwsCaller caller = new(null, endpoint, secrets, clock);

    /// <summary>What calling it takes.</summary>
    public const string Right = "lambda:InvokeFunction";

    /// <summary>Has it run with a document, later; nobody waits for the answer.</summary>
    /// <exception cref="HeadraceException">HDR-254.</exception>
    public async Task BeginAsync(string document, CancellationToken cancel)
    {
        try
        {
            await caller.AskAsync(
                new AwsRequest("lambda", "application/json", null, Encoding.UTF8.GetBytes(document))
                {
                    Path = $"/2015-03-31/functions/{name}/invocations",
                    Headers = [("x-amz-invocation-type", "Event")],
                },
                cancel
            );
        }
        catch (AwsRefusal refusal)
        {
            throw Error.NotInvokedAgain(name, refusal.Message, refusal);
        }
    }
}
