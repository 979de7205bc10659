using System.Text.RegularExpressions;

namespace Hypervize.Architecture.Tests;

/// <summary>What the documents say of the code is so.</summary>
public sealed partial class Documents
{
    [Fact]
    public void Every_file_that_the_architecture_names_is_there()
    {
        var sources = Repository.Sources("services", "shared", "tools", "tests").Select(Repository.Name).ToList();
        var folders = sources.Select(s => Path.GetDirectoryName(s)!).ToHashSet();
        var named = Named().Matches(Read("docs/architecture.md")).Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, n => !sources.Any(s => s == n || s.EndsWith($"/{n}", StringComparison.Ordinal)) && !folders.Contains(n));
    }

    [Fact]
    public void Every_link_of_the_documents_leads_somewhere() =>
        Assert.Empty(from page in Directory.GetFiles(Repository.Root, "*.md").Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
                     from link in Link().Matches(File.ReadAllText(page)).Select(m => m.Groups[1].Value)
                     let target = Path.Combine(Path.GetDirectoryName(page)!, link)
                     where !File.Exists(target) && !Directory.Exists(target)
                     select $"{Repository.Name(page)}: {link}");

    private static string Read(string page) => File.ReadAllText(Path.Combine(Repository.Root, page));

    [GeneratedRegex(@"`((?:services|shared|tools|tests|[A-Z][A-Za-z]+)/[A-Za-z/]+(?:\.cs)?|[A-Z][A-Za-z]+\.cs)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)")]
    private static partial Regex Link();
}
