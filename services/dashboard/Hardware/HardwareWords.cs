using System.Globalization;

namespace Hypervize.Dashboard.Hardware;

/// <summary>Hardware, as people read it.</summary>
public static class HardwareWords
{
    private const double MibOfAGib = 1024;

    /// <summary>The GPUs of a node: <c>4 × L4</c>.</summary>
    /// <param name="gpu">Name of the GPU; null when there is none.</param>
    /// <param name="count">How many.</param>
    public static string Gpus(string? gpu, int count) => gpu is null || count == 0 ? "no GPU" : count == 1 ? Name(gpu) : $"{count} × {Name(gpu)}";

    /// <summary>Memory in GiB: <c>22.4 GiB</c>.</summary>
    /// <param name="gib">GiB.</param>
    public static string Gib(double gib) => gib == 0 ? "–" : $"{gib.ToString("#,0.#", CultureInfo.InvariantCulture)} GiB";

    /// <summary>Memory of all GPUs of a node together, GiB.</summary>
    /// <param name="mib">Memory of each, MiB.</param>
    /// <param name="count">How many.</param>
    public static double TotalGib(int mib, int count) => mib / MibOfAGib * count;

    // The catalogue spells GPUs in small letters; a machine's own driver spells them as they are called.
    private static string Name(string gpu) => gpu.Any(char.IsUpper) ? gpu : gpu.Replace('-', ' ').ToUpperInvariant();
}
