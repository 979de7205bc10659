namespace Hypervize.Proxy.Forwarding;

/// <summary>The id that a request is known by, here, at its node and in its answer: the client's, or one of ours.</summary>
internal static class RequestId
{
    /// <summary>The header that bears it.</summary>
    public const string Header = "x-request-id";

    private const int Longest = 128;

    /// <summary>Takes the client's id for the request's.</summary>
    /// <param name="http">The request.</param>
    public static void Take(HttpContext http)
    {
        if (http.Request.Headers[Header] is [{ Length: > 0 and <= Longest } given, ..] && given.All(c => c is > ' ' and <= '~')) http.TraceIdentifier = given;
    }

    /// <summary>Puts the id into the answer.</summary>
    /// <param name="http">The request; its answer has not begun.</param>
    public static void Echo(HttpContext http) => http.Response.Headers[Header] = http.TraceIdentifier;
}
