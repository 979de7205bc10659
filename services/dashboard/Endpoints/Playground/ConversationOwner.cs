using System.Security.Cryptography;
using System.Text;
using Hypervize.Dashboard.Sessions;

namespace Hypervize.Dashboard.Endpoints.Playground;

/// <summary>Whose the conversations are that a browser keeps: whoever signs in with another key does not find them.</summary>
public static class ConversationOwner
{
    private const int Shown = 16;

    /// <summary>A mark that is the same for the same key, and from which the key can't be told.</summary>
    /// <param name="session">The session.</param>
    public static string Of(Session session) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"conversations of {session.Key}")))[..Shown];
}
