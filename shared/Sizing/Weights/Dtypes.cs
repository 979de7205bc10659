namespace Hypervize.Sizing.Weights;

/// <summary>The types that safetensors store numbers in.</summary>
public static class Dtypes
{
    private static readonly Dictionary<string, double> Bits = new(StringComparer.OrdinalIgnoreCase)
    {
        ["F64"] = 64, ["I64"] = 64, ["U64"] = 64, ["C64"] = 64, ["F32"] = 32, ["I32"] = 32, ["U32"] = 32, ["F16"] = 16, ["BF16"] = 16, ["I16"] = 16, ["U16"] = 16,
        ["F8_E4M3"] = 8, ["F8_E5M2"] = 8, ["F8_E8M0"] = 8, ["F8_E4M3FN"] = 8, ["I8"] = 8, ["U8"] = 8, ["BOOL"] = 8, ["F6_E2M3"] = 6, ["F6_E3M2"] = 6, ["F4"] = 4, ["I4"] = 4, ["U4"] = 4,
    };

    // Integers that quantised weights are packed into, several to an element: elements tell nothing about parameters then.
    private static readonly HashSet<string> Packing = new(StringComparer.OrdinalIgnoreCase) { "I32", "U32", "U8", "I16", "U16", "F4", "I4", "U4" };

    /// <summary>Bits of a number; null for a type we don't know.</summary>
    /// <param name="dtype">Safetensors' name of the type.</param>
    public static double? BitsOf(string dtype) => Bits.TryGetValue(dtype, out var bits) ? bits : null;

    /// <summary>Bits of a number of a type in PyTorch's words, such as <c>bfloat16</c>; null for one we don't know.</summary>
    /// <param name="word">The word.</param>
    public static double? BitsOfTorch(string? word) => word?.Replace("torch.", "", StringComparison.Ordinal) switch
    {
        "float64" => 64,
        "float32" or "float" => 32,
        "float16" or "half" or "bfloat16" => 16,
        "float8_e4m3fn" or "float8_e5m2" or "int8" or "uint8" => 8,
        _ => null,
    };

    /// <summary>Whether several quantised parameters may share an element.</summary>
    /// <param name="dtype">Safetensors' name of the type.</param>
    public static bool IsPacking(string dtype) => Packing.Contains(dtype);

    /// <summary>Whether it is a floating-point type wider than runtimes compute in.</summary>
    /// <param name="dtype">Safetensors' name of the type.</param>
    public static bool IsWideFloat(string dtype) => dtype.Equals("F32", StringComparison.OrdinalIgnoreCase) || dtype.Equals("F64", StringComparison.OrdinalIgnoreCase);
}
