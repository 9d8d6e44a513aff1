package main

import (
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"bulwark/concept"
	"bulwark/control"
	"bulwark/controls"
	"bulwark/report/open"
)

// completer offers words for one flag or argument.
type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// addCompletions makes the shell offer the values of every flag that has a
// known set of them, for c and the commands below it.
func addCompletions(c *cobra.Command) {
	severities := []string{"info", "low", "medium", "high", "critical"}
	addQuestions(c)
	for flag, offer := range map[string]completer{
		"severity": words(severities...),
		"fail-on":  words(append(severities, "never")...),
		"profile":  words("security\twhat an attacker can use", "hygiene\tand robustness", "all\tand what contradicts common practice"),
		"scope":    words("auto", "complete\tthe input is all there is", "partial\tthe input may be a part"),
		"control":  completeControls,
		"skip":     completeControls,
		"concept":  completeConcepts,
		"output":   completeFormats,
		"context":  completeContexts,
	} {
		if f := c.Flags().Lookup(flag); f != nil {
			// It fails only for a flag that is not there, or that has one already.
			_ = c.RegisterFlagCompletionFunc(flag, offer)
		}
	}
	for _, sub := range c.Commands() {
		addCompletions(sub)
	}
}

func words(list ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// matching returns the words that begin as typed, whatever the case, with a remark each.
func matching(typed string, each func(yield func(word, remark string))) []string {
	var out []string
	each(func(word, remark string) {
		if len(word) >= len(typed) && strings.EqualFold(word[:len(typed)], typed) {
			out = append(out, word+"\t"+remark)
		}
	})
	return out
}

func completeControls(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	done, last := lastOfList(typed)
	list := matching(last, func(yield func(string, string)) {
		for _, c := range controls.All() {
			yield(c.ID, c.Title)
		}
	})
	return prefixed(done, list), cobra.ShellCompDirectiveNoFileComp
}

func completeConcepts(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	done, last := lastOfList(typed)
	list := matching(last, func(yield func(string, string)) {
		for _, c := range concept.All() {
			yield(c.ID, c.Title)
		}
	})
	return prefixed(done, list), cobra.ShellCompDirectiveNoFileComp
}

// lastOfList splits a list with commas into what is done and what is being typed.
func lastOfList(typed string) (done, last string) {
	i := strings.LastIndexByte(typed, ',') + 1
	return typed[:i], typed[i:]
}

func prefixed(prefix string, list []string) []string {
	for i := range list {
		list[i] = prefix + list[i]
	}
	return list
}

// completeExplain offers controls, concepts and, once something is typed, other tools' checks.
func completeExplain(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	all := controls.All()
	list := matching(typed, func(yield func(string, string)) {
		for _, c := range concept.All() {
			yield(c.ID, c.Title)
		}
		for _, c := range all {
			yield(c.ID, c.Title)
		}
	})
	if typed != "" {
		list = append(list, matching(typed, func(yield func(string, string)) { eachReference(all, yield) })...)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// eachReference yields every id of another tool's check once, when it is one word.
func eachReference(all []*control.Control, yield func(id, title string)) {
	seen := map[string]bool{}
	for _, c := range all {
		for _, r := range c.Refs {
			if _, id, ok := strings.Cut(r, " "); ok && !seen[id] && !strings.Contains(id, " ") {
				seen[id] = true
				yield(id, c.Title)
			}
		}
	}
}

func completeFormats(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return matching(typed, func(yield func(string, string)) {
		for _, f := range open.Formats() {
			yield(f.Name, f.Doc)
		}
	}), cobra.ShellCompDirectiveNoFileComp
}

// completeContexts offers the contexts of the kubeconfig.
func completeContexts(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	loader := clientcmd.NewDefaultClientConfigLoadingRules()
	loader.ExplicitPath, _ = c.Flags().GetString("kubeconfig")
	cfg, err := loader.Load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return matching(typed, func(yield func(string, string)) {
		for name, context := range cfg.Contexts {
			yield(name, "cluster "+context.Cluster)
		}
	}), cobra.ShellCompDirectiveNoFileComp
}
