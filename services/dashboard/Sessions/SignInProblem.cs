namespace Hypervize.Dashboard.Sessions;

/// <summary>Why somebody could not sign in, as it stands in an address.</summary>
public static class SignInProblem
{
    /// <summary>No such key.</summary>
    public const string KeyInvalid = "key_invalid";

    /// <summary>The key may only call endpoints.</summary>
    public const string ScopeMissing = "scope_missing";

    /// <summary>The platform did not answer.</summary>
    public const string Unreachable = "platform_unavailable";

    /// <summary>The link was followed before, or is too old.</summary>
    public const string LinkUsed = "link_used";

    /// <summary>The session is over.</summary>
    public const string SessionEnded = "session_ended";

    /// <summary>The problem in words; null for one that there is not.</summary>
    /// <param name="code">Its code.</param>
    public static string? Words(string? code) => code switch
    {
        KeyInvalid => "This key is not known, or was revoked. Paste a whole key; it begins with hvz_live_.",
        ScopeMissing => "This key may only call endpoints. Sign in with one of scope manage or global.",
        Unreachable => "The platform does not answer just now. Try again in some seconds.",
        LinkUsed => "This link was followed before, or is older than 15 minutes. Ask for another one with `hypervize dashboard`, or sign in with a key.",
        SessionEnded => "You are signed out: you asked for it, or your key was revoked.",
        _ => null,
    };
}
