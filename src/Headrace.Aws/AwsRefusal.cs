namespace Headrace.Aws;

/// <summary>What a service of AWS answered when it did not do what was asked, or why it could not be asked.</summary>
/// <param name="code">AWS's name of the error; empty when there was no answer of AWS's.</param>
internal sealed class AwsRefusal(string code, string found, bool isTransient, Exception? inner = null)
    : Exception(found, inner)
{
    /// <summary>AWS's name of the error, as ResourceNotFoundException; empty when there is none.</summary>
    public string Code => code;

    /// <summary>True when the same question may be answered later.</summary>
    public bool IsTransient => isTransient;
}
