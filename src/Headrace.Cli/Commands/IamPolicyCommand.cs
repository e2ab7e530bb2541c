using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace iam-policy</c>: the least rights with which this project's flows run on AWS.</summary>
internal static class IamPolicyCommand
{
    private static readonly Option<bool> Role = new("--role")
    {
        Description = "Only the policy of the role that runs the project, as aws iam put-role-policy takes it",
    };
    private static readonly Option<string?> Bucket = new("--bucket")
    {
        Description = "Only the policy of this bucket, as aws s3api put-bucket-policy takes it",
        HelpName = "BUCKET",
    };

    public static Command Create()
    {
        var command = new Command(
            "iam-policy",
            "Print the least policy of IAM for this project's flows, and policies for its buckets"
        )
        {
            Role,
            Bucket,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Bucket) is not null && result.GetValue(Role))
                result.AddError("Say --role or --bucket, and not both.");
        });
        return command.OnProject(
            (host, parsed, _) =>
            {
                Screen
                    .Of(parsed)
                    .Raw(
                        parsed.GetValue(Bucket) is { } bucket ? PolicyDocument.OfBucket(host.Project, bucket)
                        : parsed.GetValue(Role) ? PolicyDocument.OfRole(host.Project)
                        : PolicyDocument.All(host.Project)
                    );
                return Task.FromResult(ExitCode.Ok);
            }
        );
    }
}
