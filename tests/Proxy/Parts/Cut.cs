using System.Text;
using CsCheck;

namespace Hypervize.Proxy.Tests;

/// <summary>Bytes in the pieces in which they might arrive.</summary>
internal static class Cut
{
    /// <summary>Lengths of pieces, over and over until all has arrived.</summary>
    public static readonly Gen<int[]> Lengths = Gen.OneOf(Gen.Const(1), Gen.Int[1, 7], Gen.Int[1, 400]).Array[1, 12];

    /// <summary>The pieces.</summary>
    /// <param name="whole">What arrives.</param>
    /// <param name="lengths">How it is cut.</param>
    public static IEnumerable<byte[]> Into(byte[] whole, int[] lengths)
    {
        for (var (at, i) = (0, 0); at < whole.Length; i++)
        {
            var length = Math.Min(lengths[i % lengths.Length], whole.Length - at);
            yield return whole[at..(at + length)];
            at += length;
        }
    }

    /// <summary>The same, cut once at each place.</summary>
    /// <param name="whole">What arrives.</param>
    public static IEnumerable<byte[][]> AtEachPlace(string whole)
    {
        var bytes = Encoding.UTF8.GetBytes(whole);
        return Enumerable.Range(0, bytes.Length + 1).Select(at => (byte[][])[bytes[..at], bytes[at..]]);
    }
}
