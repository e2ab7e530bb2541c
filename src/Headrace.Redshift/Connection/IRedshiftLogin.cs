namespace Headrace.Redshift;

/// <summary>Lends logins to a Redshift database, each for a time.</summary>
public interface IRedshiftLogin
{
    /// <summary>Asks for a new one.</summary>
    /// <exception cref="HeadraceException">HDR-321.</exception>
    Task<RedshiftLogin> AskAsync(CancellationToken cancel);
}

/// <summary>A login that ends by itself. Sessions that were opened with it stay.</summary>
/// <param name="user">The name to log in with, as it was given.</param>
/// <param name="until">From then on it opens nothing.</param>
public sealed class RedshiftLogin(string user, string password, DateTimeOffset until)
{
    public string User => user;

    public string Password => password;

    public DateTimeOffset Until => until;
}
