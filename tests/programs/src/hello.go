// SPDX-License-Identifier: MIT
// An HTTP server and goroutines that ask it: "server PORT" or "client URL N".
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

func main() {
	if os.Args[1] == "server" {
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "you asked for %s", r.URL.Path)
		})
		fmt.Println(http.ListenAndServe(":"+os.Args[2], nil))
		os.Exit(1)
	}
	n, _ := strconv.Atoi(os.Args[3])
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			path := fmt.Sprintf("/page%d", i)
			resp, err := http.Get(os.Args[2] + path)
			if err != nil {
				fmt.Println(err)
				return
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) == "you asked for "+path {
				mu.Lock()
				good++
				mu.Unlock()
			}
		}(i)
	}
	wg.Wait()
	fmt.Printf("%d of %d\n", good, n)
}
