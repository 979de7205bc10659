using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Hypervize.Endpoints.Lifecycle;

/// <summary>Endpoint ids: <c>endpt-</c> and 12 lower-case hex digits, permanent.</summary>
public static partial class EndpointId
{
    private const string Prefix = "endpt-";
    private const int RandomBytes = 6;

    /// <summary>An id that no endpoint has.</summary>
    public static string New() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>
    /// The id that an idempotency key of an account always leads to: repeating a creation finds the endpoint, whoever was faster,
    /// whatever crashed in between, and without a record of its own.
    /// </summary>
    /// <param name="accountId">The account.</param>
    /// <param name="idempotencyKey">The key.</param>
    public static string For(string accountId, string idempotencyKey) =>
        Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{accountId}\n{idempotencyKey}")))[..(2 * RandomBytes)];

    /// <summary>Whether a text can be an endpoint's id.</summary>
    /// <param name="text">The text.</param>
    public static bool IsWellFormed(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"\Aendpt-[0-9a-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
