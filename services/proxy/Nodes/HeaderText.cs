using System.Buffers;
using System.Text;

namespace Hypervize.Proxy.Nodes;

/// <summary>What header names consist of, and values do not (RFC 9110, 5.1, 5.5): as text towards nodes, as bytes from them.</summary>
internal static class HeaderText
{
    private const string Token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly byte[] Controls = [.. Enumerable.Range(0, 32).Append(127).Where(c => c != '\t').Select(c => (byte)c)];

    /// <summary>Characters of names.</summary>
    public static readonly SearchValues<char> InNames = SearchValues.Create(Token);

    /// <summary>Bytes of names.</summary>
    public static readonly SearchValues<byte> BytesInNames = SearchValues.Create(Encoding.ASCII.GetBytes(Token));

    /// <summary>Characters that no value has.</summary>
    public static readonly SearchValues<char> NotInValues = SearchValues.Create(Encoding.ASCII.GetString(Controls));

    /// <summary>Bytes that no value has.</summary>
    public static readonly SearchValues<byte> BytesNotInValues = SearchValues.Create(Controls);
}
