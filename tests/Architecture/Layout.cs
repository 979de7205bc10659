using System.Text.RegularExpressions;

namespace Hypervize.Architecture.Tests;

/// <summary>The laws that a compiler can't hold.</summary>
public sealed partial class Layout
{
    [Fact]
    public void A_service_references_no_other_service() =>
        Assert.Empty(from project in Repository.Projects("services")
                     from line in File.ReadLines(project)
                     where line.Contains("ProjectReference") && !line.Contains("shared/")
                     select $"{Repository.Name(project)}: {line.Trim()}");

    [Fact]
    public void Contracts_need_no_packages() =>
        Assert.DoesNotContain("PackageReference", File.ReadAllText(Path.Combine(Repository.Root, "shared/Contracts/Hypervize.Contracts.csproj")));

    [Fact]
    public void A_program_is_a_table_of_contents() =>
        Assert.Empty(from source in Repository.Sources("services", "tools")
                     where Path.GetFileName(source) == "Program.cs" && File.ReadLines(source).Count() >= 60
                     select $"{Repository.Name(source)} has 60 lines or more");

    [Fact]
    public void A_file_is_one_thing() =>
        Assert.Empty(from source in Repository.Sources("services", "shared", "tools", "tests", "bench")
                     let lines = File.ReadLines(source).Count()
                     where lines > 400
                     select $"{Repository.Name(source)}: {lines} lines");

    [Fact]
    public void Folders_are_capabilities_not_kinds() =>
        Assert.Empty(from source in Repository.Sources("services", "shared", "tools")
                     from part in Path.GetDirectoryName(Repository.Name(source))!.Split(Path.DirectorySeparatorChar)
                     where Kinds.Contains(part)
                     select Repository.Name(source));

    [Fact]
    public void Time_is_passed_in() =>
        Assert.Empty(from source in Repository.Sources("services", "shared")
                     from line in File.ReadLines(source)
                     where AmbientTime().IsMatch(line)
                     select $"{Repository.Name(source)}: {line.Trim()}");

    [Fact]
    public void Nothing_blocks_a_thread() =>
        Assert.Empty(from source in Repository.Sources("services", "shared")
                     from line in File.ReadLines(source)
                     where Blocking().IsMatch(line)
                     select $"{Repository.Name(source)}: {line.Trim()}");

    [Fact]
    public void A_decider_is_pure() =>
        Assert.Empty(from source in Repository.Sources("services", "shared")
                     where Path.GetFileNameWithoutExtension(source) is var name && (name.EndsWith("Decider", StringComparison.Ordinal) || name.EndsWith("Policy", StringComparison.Ordinal))
                     from line in File.ReadLines(source)
                     where Impure().IsMatch(line)
                     select $"{Repository.Name(source)}: {line.Trim()}");

    private static readonly HashSet<string> Kinds = ["Handlers", "Validators", "Models", "Helpers", "Utils", "Utilities", "Interfaces", "Services", "Managers", "Dtos"];

    [GeneratedRegex(@"DateTime(Offset)?\.(UtcNow|Now)|Stopwatch\.StartNew")]
    private static partial Regex AmbientTime();

    [GeneratedRegex(@"Thread\.Sleep|\.GetAwaiter\(\)\.GetResult\(\)|\.Result\b(?!s)\s*[;,)]|\.Wait\(\)")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"\basync\b|\bawait\b|ILogger|TimeProvider|IDocumentSession|Random|Guid\.NewGuid")]
    private static partial Regex Impure();
}
