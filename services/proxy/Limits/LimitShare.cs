using System.Security.Cryptography;
using System.Text;

namespace Hypervize.Proxy.Limits;

/// <summary>
/// How proxies divide a limit among themselves, each by itself and all alike: half of it in equal parts, so that a request finds room wherever it comes,
/// and half by what each was asked for. The parts of all add up to the whole. Pure.
/// </summary>
internal static class LimitShare
{
    /// <summary>What proxies have that have not said anything yet: equal parts. What can't be divided goes to some of them, others for each subject.</summary>
    /// <param name="whole">What is divided.</param>
    /// <param name="subject">Whose limit it is.</param>
    /// <param name="proxies">Ids of all proxies.</param>
    public static IReadOnlyDictionary<string, int> Equal(int whole, string subject, IReadOnlyCollection<string> proxies)
    {
        var (each, more) = Math.DivRem(whole, proxies.Count);
        IEnumerable<string> placed = more == 0 ? proxies : proxies.OrderBy(Place);
        return placed.Select((proxy, place) => (proxy, Part: place < more ? each + 1 : each)).ToDictionary(p => p.proxy, p => p.Part, StringComparer.Ordinal);

        // The same on all machines, which string.GetHashCode is not.
        ulong Place(string id) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{subject} {id}")));
    }

    /// <summary>What each proxy has at least once all have spoken.</summary>
    /// <param name="whole">What is divided.</param>
    /// <param name="proxies">Among how many.</param>
    public static int Least(int whole, int proxies) => whole / (2 * proxies);

    /// <summary>One proxy's part.</summary>
    /// <param name="whole">What is divided.</param>
    /// <param name="asked">What each proxy was asked for lately, by its id; one's own among them.</param>
    /// <param name="own">One's own id.</param>
    public static int Of(int whole, IReadOnlyCollection<(string Proxy, int Asked)> asked, string own)
    {
        var least = Least(whole, asked.Count);
        var rest = whole - least * asked.Count;
        var sum = asked.Sum(a => (long)a.Asked);
        var parts = asked.Select(a => (a.Proxy, a.Asked, Part: sum == 0 ? rest / asked.Count : (int)(rest * (long)a.Asked / sum))).OrderByDescending(p => p.Asked).ThenBy(p => p.Proxy, StringComparer.Ordinal).ToList();
        // What rounding leaves goes to those who were asked for most.
        var left = rest - parts.Sum(p => p.Part);
        var place = parts.FindIndex(p => p.Proxy == own);
        return least + parts[place].Part + (place < left ? 1 : 0);
    }
}
