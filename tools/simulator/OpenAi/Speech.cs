using System.Security.Cryptography;
using System.Text;

namespace Hypervize.Simulator.OpenAi;

/// <summary>What the simulator says instead of a model: the same words each time, which begin by saying what they are. A token is a word.</summary>
internal static class Speech
{
    /// <summary>Stands in every answer, so that none can be taken for a model's.</summary>
    public const string Fingerprint = "hypervize-simulator";

    private static readonly string[] Words = (
        "[simulated] This answer comes from the Hypervize simulator: no model ran and no GPU was used. " +
        "Its words repeat until there are as many as were asked for, at the pace that the simulator was told to keep, " +
        "so that all that stands around it can be tried and measured.").Split(' ');

    /// <summary>Tokens of an answer that no limit was set for.</summary>
    public static int Length => Words.Length;

    /// <summary>One token, with the space that parts it from the one before.</summary>
    public static string Token(int index) => index == 0 ? Words[0] : " " + Words[index % Words.Length];

    public static string Text(int tokens) => new StringBuilder(tokens * 6).AppendJoin("", Enumerable.Range(0, tokens).Select(Token)).ToString();

    /// <summary>Tokens of a text.</summary>
    public static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        var inWord = false;
        foreach (var c in text)
        {
            var letter = !char.IsWhiteSpace(c);
            if (letter && !inWord) count++;
            inWord = letter;
        }
        return count;
    }

    /// <summary>A vector of length 1: the same for the same text, another for another. It knows nothing of meaning.</summary>
    public static float[] Vector(string text, int dimensions)
    {
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
        var vector = new float[dimensions];
        foreach (ref var x in vector.AsSpan()) x = random.NextSingle() - 0.5f;
        var length = MathF.Sqrt(vector.Sum(x => x * x));
        foreach (ref var x in vector.AsSpan()) x /= length;
        return vector;
    }
}
